using System.Globalization;
using System.Text.Json;
using Hita.Data;
using Hita.Distributed.Launching;
using Hita.Evaluation.Reports;
using Hita.Metrics;

namespace Hita.Evaluation.Runs;

/// <summary>Makes or reads the batches of a pass from an image on.</summary>
/// <param name="first">The number of the first image, unreadable ones counted.</param>
/// <param name="batchSize">Images a batch.</param>
/// <param name="cancellation">Stops before the next batch.</param>
internal delegate IEnumerable<EvaluationBatch> ReadBatches(int first, int batchSize, CancellationToken cancellation);

/// <summary>
/// One way through a list of images with the metrics that see them, and how far it has come: which images they were, how large,
/// and which could not be read.
/// </summary>
/// <param name="stage">What is being done, for people, for example <c>Measuring</c>.</param>
/// <param name="stateName">The name of its hash in a saved state.</param>
/// <param name="description">What the images are, for reports.</param>
/// <param name="count">Images.</param>
/// <param name="read">Reads them; batches are the same from wherever reading begins, but for where they are cut.</param>
/// <param name="metrics">What is measured on them.</param>
internal sealed class EvaluationPass(
    string stage, string stateName, string description, int count, ReadBatches read, IReadOnlyList<IEvaluationMetric> metrics)
{
    private const string SeveralSizes = "several";
    private ImageHash _hash = new();
    private UnreadableImages _unreadable = new(description);
    private string? _size;
    private (int First, int Count)? _part;

    /// <summary>What is being done, for people.</summary>
    public string Stage => stage;

    /// <summary>Images, unreadable ones counted.</summary>
    public int Count => _part?.Count ?? count;

    /// <summary>Images done, unreadable ones counted.</summary>
    public int Done => (int)(_hash.Count + _unreadable.Count);

    /// <summary>What is measured.</summary>
    public IReadOnlyList<IEvaluationMetric> Metrics => metrics;

    /// <summary>Those that could not be read; null where all could.</summary>
    public UnreadableSummary? Unreadable => _unreadable.Summary;

    /// <summary>Measures a part of the images alone; to be called before anything else.</summary>
    /// <exception cref="Runtime.HitaException">There are fewer images than parts.</exception>
    public void Restrict(Shard shard)
    {
        var part = shard.Of(count);
        if (part.Count == 0)
            throw new Runtime.HitaException($"There are {count} images to measure ({description}), fewer than the {shard.Count} shards; use fewer.");
        (_hash, _part) = (new ImageHash(part.First), part);
    }

    /// <summary>Takes in the next part.</summary>
    /// <param name="state">What another process saved of it.</param>
    /// <exception cref="Runtime.HitaException">Images of an earlier part could not be read, so that places differ from those of one process.</exception>
    public void Merge(AccumulatorReader state)
    {
        if (_unreadable.Count > 0)
            throw new Runtime.HitaException($"{_unreadable.Count} images of an earlier shard cannot be read ({_unreadable.First[0]}), so that the images after them have other numbers than in one process; remove them, or measure without --shard.");
        _hash.Merge(state.Read<ImageHash>(stateName));
        var size = state.Note($"{stateName}-size");
        _size = _size is null || size is null || _size == size ? _size ?? size : SeveralSizes;
        _unreadable = UnreadableOf(state);
        foreach (var metric in metrics)
            metric.Merge(state);
    }

    /// <summary>The batches that are left.</summary>
    public IEnumerable<EvaluationBatch> Rest(int batchSize, CancellationToken cancellation) =>
        _part is { } part ? RestOf(part, batchSize, cancellation) : read(Done, batchSize, cancellation);

    /// <summary>Measures a batch.</summary>
    /// <returns>Images that are done with it.</returns>
    /// <exception cref="Runtime.DataException">Too many images could not be read.</exception>
    public int Add(EvaluationBatch batch)
    {
        if (batch.Images.Count > 0)
        {
            var numbered = batch with { First = _hash.Next, IsOfPart = _part is not null };
            foreach (var metric in metrics)
                metric.Add(numbered);
        }
        foreach (var image in batch.FromData)
        {
            _hash.Add(image);
            var size = string.Create(CultureInfo.InvariantCulture, $"{image.Width}×{image.Height}");
            _size = _size is null || _size == size ? size : SeveralSizes;
        }
        foreach (var fault in batch.Unreadable)
            _unreadable.Add(fault);
        _unreadable.Check(Count);
        return batch.Images.Count + batch.Unreadable.Count;
    }

    /// <summary>The images that were measured, once all are done.</summary>
    /// <exception cref="Runtime.DataException">Not one could be read.</exception>
    public MeasuredSet ToSet()
    {
        _unreadable.RequireSome(_hash.Count);
        return new(description, _hash.ToString(), _hash.Count, _size == SeveralSizes ? null : _size);
    }

    /// <summary>Adds how far it has come, and all measurements, to a state.</summary>
    public void Capture(AccumulatorWriter state)
    {
        state.Add(stateName, _hash);
        if (_size is not null)
            state.Note($"{stateName}-size", _size);
        if (_unreadable.Summary is { } summary)
            state.Note($"{stateName}-unreadable", JsonSerializer.Serialize(summary));
        foreach (var metric in metrics)
            metric.Capture(state);
    }

    /// <summary>Takes up a saved state.</summary>
    public void Restore(AccumulatorReader state)
    {
        _hash = state.Read<ImageHash>(stateName);
        _size = state.Note($"{stateName}-size");
        _unreadable = UnreadableOf(state);
        foreach (var metric in metrics)
            metric.Restore(state);
    }

    private UnreadableImages UnreadableOf(AccumulatorReader state) =>
        new(description, before: state.Note($"{stateName}-unreadable") is { } text ? JsonSerializer.Deserialize<UnreadableSummary>(text) : null);

    // Whole batches, and one that ends where the part does: what is read ahead of it would be another part's.
    private IEnumerable<EvaluationBatch> RestOf((int First, int Count) part, int batchSize, CancellationToken cancellation)
    {
        while (Done < part.Count)
        {
            var size = Math.Min(batchSize, part.Count - Done);
            foreach (var batch in read(part.First + Done, size, cancellation))
            {
                yield return batch;
                if (part.Count - Done < size)
                    break;
            }
        }
    }
}
