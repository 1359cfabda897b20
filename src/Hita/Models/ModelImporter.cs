using Hita.Checkpoints;
using Hita.Generation;
using Hita.Runtime;

namespace Hita.Models;

/// <summary>What to import, and how.</summary>
public sealed record ImportOptions
{
    /// <summary>
    /// A DINOv2 file, or a name of a known scheme such as <c>hf:OWNER/NAME</c>, for a tokenizer whose checkpoint leaves its semantic encoder out, as
    /// published ones do.
    /// </summary>
    public string? SemanticEncoder { get; init; }

    /// <summary>The architecture by name; null to find the preset that fits.</summary>
    public string? Preset { get; init; }

    /// <summary>The architecture by a <c>config.json</c>; excludes <see cref="Preset"/>.</summary>
    public string? ConfigFile { get; init; }

    /// <summary>Which weights of a published checkpoint to take. By default the average for Hita, the model for the vanilla family.</summary>
    public WeightSection Weights { get; init; }
}

/// <summary>What an import did.</summary>
/// <param name="Kind">Tokenizer or generator.</param>
/// <param name="Preset">The preset it fits, or null for an architecture of its own.</param>
/// <param name="AlsoFits">Other presets of the same tensors; <c>--preset</c> chooses.</param>
/// <param name="TensorCount">Tensors written.</param>
/// <param name="ParameterCount">Learned values written.</param>
/// <param name="Dropped">Tensors left out on purpose.</param>
/// <param name="CanEncode">For a tokenizer: whether its semantic encoder came along, or it needs none.</param>
/// <param name="ModelHash">32 hexadecimal digits that identify the weights.</param>
public sealed record ImportReport(
    ModelKind Kind, string? Preset, IReadOnlyList<string> AlsoFits, int TensorCount, long ParameterCount, IReadOnlyList<string> Dropped, bool CanEncode, string ModelHash)
{
    /// <summary>What was changed or left out in reading the file, as sentences; see <see cref="ITensorSource.Notes"/>.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}

/// <summary>Makes a model folder of a checkpoint, tensor by tensor: a file of any size needs a few megabytes of memory.</summary>
public static class ModelImporter
{
    /// <summary>Imports.</summary>
    /// <param name="file">A published checkpoint, a safetensors file or a model folder.</param>
    /// <param name="folder">The model folder to write.</param>
    /// <param name="options">How; null for the preset that fits.</param>
    /// <param name="progress">Told after each chunk; may be null.</param>
    /// <param name="cancellation">Stops between two chunks; nothing is left behind.</param>
    /// <exception cref="HitaException">The file is none of these, or its tensors do not fit; all faults are listed.</exception>
    public static ImportReport Import(
        string file, string folder, ImportOptions? options = null, IProgress<LoadProgress>? progress = null, CancellationToken cancellation = default)
    {
        options ??= new ImportOptions();
        using var source = OpenPreferred(file, options.Weights);
        using var plan = ImportPlan.Create(source, options);
        using var writer = new ModelFolderWriter(folder, plan.ConfigJson, [.. plan.Tensors.Select(static t => t.Entry with { Name = t.Name })]);
        TensorCopy.Run(plan.Path, plan.Tensors, writer.Write, progress, cancellation);
        writer.WriteBeside(staging => KeepClassNames(file, folder, staging));
        writer.Complete();
        using var written = ModelFolder.OpenWeights(folder);
        return plan.Report(ModelKinds.Fingerprint(written)) with { Notes = [.. source.Notes] };
    }

    /// <summary>As <see cref="Import"/>, on another thread.</summary>
    /// <inheritdoc cref="Import" path="/param"/>
    /// <inheritdoc cref="Import" path="/exception"/>
    public static Task<ImportReport> ImportAsync(
        string file, string folder, ImportOptions? options = null, IProgress<LoadProgress>? progress = null, CancellationToken cancellation = default) =>
        Background.Run(() => Import(file, folder, options, progress, cancellation), cancellation);

    // A folder's own class names come along; those of a model that is replaced stay.
    private static void KeepClassNames(string file, string folder, string staging)
    {
        var names = ((string[])[file, folder]).Select(static f => Path.Combine(f, ClassNames.FileName)).FirstOrDefault(File.Exists);
        if (names is not null)
            File.Copy(names, Path.Combine(staging, ClassNames.FileName));
    }

    // The vanilla family's samplers read the model, Hita's the average.
    private static ITensorSource OpenPreferred(string file, WeightSection section)
    {
        var source = WeightFile.Open(file, section);
        var vanilla = !source.Tensors.ContainsKey("slot_embeddings.weight") && !source.Tensors.ContainsKey("slot_quantize.embedding.weight");
        if (section != WeightSection.Automatic || !vanilla || ModelKinds.Of(source) is not (ModelKind.Tokenizer or ModelKind.Generator))
            return source;
        source.Dispose();
        return WeightFile.Open(file, WeightSection.Model);
    }
}
