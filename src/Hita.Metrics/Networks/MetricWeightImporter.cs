using Hita.Checkpoints;
using Hita.Models;
using Hita.Runtime;

namespace Hita.Metrics.Networks;

/// <summary>What an import of a measure's weights did.</summary>
/// <param name="Kind">What they are.</param>
/// <param name="Path">The file that was written.</param>
/// <param name="TensorCount">Tensors written.</param>
/// <param name="ParameterCount">Floating-point values written.</param>
/// <param name="Dropped">Tensors left out because nothing needs them.</param>
public sealed record MetricWeightReport(ModelKind Kind, string Path, int TensorCount, long ParameterCount, IReadOnlyList<string> Dropped)
{
    /// <summary>What was changed or left out in reading the file, as sentences; see <see cref="ITensorSource.Notes"/>.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}

/// <summary>
/// Brings the published weights of metrics and losses to where they are found: each is read as data, checked tensor by tensor and
/// written as safetensors under its published names.
/// </summary>
public static class MetricWeightImporter
{
    private const string Extension = ".safetensors";

    /// <summary>The file that an import writes.</summary>
    /// <param name="known">Which weights.</param>
    /// <param name="output">As in <see cref="Import"/>.</param>
    public static string PathOf(MetricWeightFile known, string? output)
    {
        ArgumentNullException.ThrowIfNull(known);
        return output is not null && output.EndsWith(Extension, StringComparison.OrdinalIgnoreCase)
            ? output
            : Path.Combine(output ?? MetricWeights.Folder, known.ImportedName);
    }

    /// <summary>Imports.</summary>
    /// <param name="file">One of the files of <see cref="MetricWeights.All"/>, under any name.</param>
    /// <param name="output">
    /// Where to write: a name that ends with <c>.safetensors</c> is the file's, any other a folder's, in which the file gets
    /// <see cref="MetricWeightFile.ImportedName"/>; null for <see cref="MetricWeights.Folder"/>.
    /// </param>
    /// <param name="progress">Told after each chunk; may be null.</param>
    /// <param name="cancellation">Stops between two chunks; nothing is left behind.</param>
    /// <exception cref="HitaException">The file holds none of these, its tensors do not fit (all faults are listed), or nothing can be written.</exception>
    public static MetricWeightReport Import(
        string file, string? output = null, IProgress<LoadProgress>? progress = null, CancellationToken cancellation = default)
    {
        using var source = WeightFile.Open(file);
        var known = MetricWeights.Of(source)
            ?? throw new CheckpointException(file, $"these are no weights of a metric or a loss; known are {string.Join(", ", MetricWeights.All.Select(static f => f.FileName))}.");
        if (MetricWeights.Fault(source, known) is { } fault)
            throw new CheckpointException(file, $"the weights are not those that are needed: {fault}.");

        var path = PathOf(known, output);
        // The file is replaced while it is still being read.
        if (Path.GetFullPath(path) == Path.GetFullPath(file))
            throw new CheckpointException(file, "this is the file that would be written; it is imported already.");
        var layout = MetricWeightLayout.Of(known.Kind);
        var (kept, dropped) = (new List<ImportedTensor>(), new List<string>());
        foreach (var entry in source.Tensors.Values)
        {
            if (layout.IsKept(entry.Name))
                kept.Add(new ImportedTensor(source, entry, entry.Name));
            else
                dropped.Add(entry.Name);
        }
        using var writer = new SafetensorsWriter(path, kept.Select(static t => t.Entry), new Dictionary<string, string> { ["format"] = "pt" });
        TensorCopy.Run(file, kept, writer.Write, progress, cancellation);
        writer.Complete();
        return new MetricWeightReport(
            known.Kind, path, kept.Count, kept.Where(static t => t.Entry.Type.IsFloat()).Sum(static t => t.Entry.Count), dropped)
        {
            Notes = [.. source.Notes],
        };
    }

    /// <summary>As <see cref="Import"/>, on another thread.</summary>
    /// <inheritdoc cref="Import" path="/param"/>
    /// <inheritdoc cref="Import" path="/exception"/>
    public static Task<MetricWeightReport> ImportAsync(
        string file, string? output = null, IProgress<LoadProgress>? progress = null, CancellationToken cancellation = default) =>
        Background.Run(() => Import(file, output, progress, cancellation), cancellation);
}
