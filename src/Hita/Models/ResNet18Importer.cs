using Hita.Checkpoints;
using Hita.Runtime;
using Hita.Tokenization.Model;

namespace Hita.Models;

/// <summary>Brings ResNet-18 to where tokenizers, losses and metrics find it, so that its package is no longer needed.</summary>
public static class ResNet18Importer
{
    private const string Extension = ".safetensors";

    /// <summary>The file that an import writes.</summary>
    /// <param name="output">As in <see cref="Import"/>.</param>
    public static string PathOf(string? output) => output is not null && output.EndsWith(Extension, StringComparison.OrdinalIgnoreCase)
        ? output
        : Path.Combine(output ?? ResNet18Weights.Folder, ResNet18Weights.ImportedName);

    /// <summary>Imports: the file is read as data, held against the known network and written as safetensors.</summary>
    /// <param name="file">The package's ONNX file, with the file of its mean image where the package has it, or an imported one.</param>
    /// <param name="output">
    /// Where to write: a name that ends with <c>.safetensors</c> is the file's, any other a folder's; null for
    /// <see cref="ResNet18Weights.Folder"/>.
    /// </param>
    /// <param name="progress">Progress callback, invoked after each chunk; may be null.</param>
    /// <param name="cancellation">Stops between two chunks; nothing is left behind.</param>
    /// <returns>The file that was written, and its learned values.</returns>
    /// <exception cref="HitaException">The file is another network's, or nothing can be written.</exception>
    public static (string Path, int TensorCount, long ParameterCount) Import(
        string file, string? output = null, IProgress<LoadProgress>? progress = null, CancellationToken cancellation = default)
    {
        using var source = ResNet18Weights.Open(file);
        ShapeFit.Check(source, ResNet18Weights.Shapes, new LoadOptions());
        var path = PathOf(output);
        if (Path.GetFullPath(path) == Path.GetFullPath(file))
            throw new CheckpointException(file, "this is the file that would be written; it is imported already.");
        var tensors = source.Tensors.Values.Select(e => new ImportedTensor(source, e, e.Name)).ToList();
        using var writer = new SafetensorsWriter(path, tensors.Select(static t => t.Entry), new Dictionary<string, string> { ["format"] = "pt" });
        TensorCopy.Run(file, tensors, writer.Write, progress, cancellation);
        writer.Complete();
        return (path, tensors.Count, tensors.Sum(static t => t.Entry.Count));
    }

    /// <summary>As <see cref="Import"/>, on another thread.</summary>
    /// <inheritdoc cref="Import" path="/param"/>
    /// <inheritdoc cref="Import" path="/exception"/>
    public static Task<(string Path, int TensorCount, long ParameterCount)> ImportAsync(
        string file, string? output = null, IProgress<LoadProgress>? progress = null, CancellationToken cancellation = default) =>
        Background.Run(() => Import(file, output, progress, cancellation), cancellation);
}
