using Hita.Checkpoints;
using Hita.Models;
using Hita.Runtime;

namespace Hita.Hub;

/// <summary>What was fetched and imported.</summary>
/// <param name="Folder">The pipeline's folder, which <c>-m</c> takes.</param>
/// <param name="Generator">What the generator's import did.</param>
/// <param name="Tokenizer">What the tokenizer's import did.</param>
/// <param name="Files">The files in the cache that both were made of.</param>
public sealed record PullReport(string Folder, ImportReport Generator, ImportReport Tokenizer, IReadOnlyList<FetchedFile> Files);

/// <summary>Fetches published pipelines and imports them in one go.</summary>
/// <param name="hub">The hub.</param>
public sealed class ModelPuller(HubClient hub)
{
    /// <summary>Fetches both files and writes a pipeline's folder, with <c>generator/</c> and <c>tokenizer/</c>.</summary>
    /// <param name="model">The pipeline.</param>
    /// <param name="revision">The repository's revision.</param>
    /// <param name="folder">The folder to write.</param>
    /// <param name="semanticEncoder">
    /// The DINOv2 file with which a Hita tokenizer can encode, or <see cref="PublishedModels.Dinov2Name"/> or a name on the hub, from where it is
    /// fetched; null for a tokenizer that decodes alone.
    /// </param>
    /// <param name="progress">Told about bytes as they arrive; may be null.</param>
    /// <param name="importing">Told about bytes as they are imported; may be null.</param>
    /// <param name="cancellation">Gives up; what has arrived is kept.</param>
    /// <exception cref="HubException">A file is not there, is refused, arrives damaged, or the hub does not answer.</exception>
    /// <exception cref="HitaException">A file is not the checkpoint that it should be, or the folder cannot be written.</exception>
    public async Task<PullReport> PullAsync(
        PublishedModel model, string revision, string folder, string? semanticEncoder = null,
        IProgress<HubProgress>? progress = null, IProgress<LoadProgress>? importing = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentException.ThrowIfNullOrEmpty(folder);
        var files = await hub.FetchAsync(new HubReference(model.Repository, revision), [model.Tokenizer, model.Generator], progress, cancellation).ConfigureAwait(false);
        semanticEncoder = PublishedModels.SemanticEncoder(semanticEncoder);
        if (semanticEncoder is not null && HubReference.IsReference(semanticEncoder))
            semanticEncoder = await new HubModels(hub).LocateAsync(semanticEncoder, progress, cancellation).ConfigureAwait(false);
        // The larger part last: a fault in the other one costs less then.
        var tokenizer = ModelImporter.Import(
            PathOf(model.Tokenizer), Path.Combine(folder, "tokenizer"),
            new ImportOptions { Preset = model.TokenizerPreset, SemanticEncoder = semanticEncoder }, importing, cancellation);
        var generator = ModelImporter.Import(
            PathOf(model.Generator), Path.Combine(folder, "generator"), new ImportOptions { Preset = model.GeneratorPreset }, importing, cancellation);
        return new PullReport(folder, generator, tokenizer, files);

        string PathOf(string name) => files.First(f => f.Name == name).Path;
    }
}
