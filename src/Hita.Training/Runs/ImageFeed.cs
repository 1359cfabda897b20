using Hita.Data;
using static TorchSharp.torch;

namespace Hita.Training.Runs;

/// <summary>Images for a tokenizer, step by step.</summary>
/// <param name="loader">Reads whole steps.</param>
/// <param name="firstStep">The step to begin with, from 1.</param>
/// <param name="accumulation">Parts of a step on this rank; it divides the loader's batch size.</param>
internal sealed class ImageFeed(BatchLoader loader, long firstStep, int accumulation) : LoaderFeed<TokenizerBatch>(loader, firstStep)
{
    private readonly List<Tensor> _live = [];

    /// <inheritdoc/>
    public override void Dispose()
    {
        Free();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<TokenizerBatch> Split(ImageBatch images)
    {
        Free();
        var whole = images.ToTensor().DetachFromDisposeScope();
        _live.Add(whole);
        var labels = images.Labels.ToArray();
        var size = images.Count / accumulation;
        var parts = new TokenizerBatch[accumulation];
        for (var i = 0; i < parts.Length; i++)
        {
            var part = whole.narrow(0, i * size, size).DetachFromDisposeScope();
            _live.Add(part);
            parts[i] = new TokenizerBatch(part, labels[(i * size)..((i + 1) * size)]);
        }
        return parts;
    }

    private void Free()
    {
        foreach (var tensor in _live)
            tensor.Dispose();
        _live.Clear();
    }
}
