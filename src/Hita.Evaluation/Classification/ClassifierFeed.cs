using System.Diagnostics;
using Hita.Training.Runs;

namespace Hita.Evaluation.Classification;

/// <summary>
/// Batches of new images and of mirrored ones from some batches ago, half and half: making an image costs as much as learning
/// from it, and mirroring does not change what it shows. The next batch is prepared while one is learned from.
/// </summary>
/// <param name="read">Reads an image by its number; called on several threads at once.</param>
/// <param name="batchSize">Images of a batch.</param>
/// <param name="steps">Batches in all: none is prepared after the last.</param>
internal sealed class ClassifierFeed(Func<long, LabelledImage> read, int batchSize, int steps) : IBatchFeed<ClassifierBatch>
{
    private const int Delay = 40;
    private readonly Queue<ClassifierBatch> _earlier = new();
    private Task<ClassifierBatch>? _ahead;
    private long _nextImage;
    private int _prepared;

    /// <inheritdoc/>
    public double WaitSeconds { get; private set; }

    /// <inheritdoc/>
    public IReadOnlyList<ClassifierBatch> NextBatches(CancellationToken cancellation)
    {
        var asked = Stopwatch.GetTimestamp();
        var batch = (_ahead ?? Prepare(cancellation)).GetAwaiter().GetResult();
        WaitSeconds = Stopwatch.GetElapsedTime(asked).TotalSeconds;
        _ahead = _prepared < steps ? Prepare(cancellation) : null;
        return [batch];
    }

    /// <summary>Waits for what is being prepared: nothing may read from a source that the caller is about to close.</summary>
    public void Dispose() => _ahead?.ContinueWith(static _ => { }, TaskScheduler.Default).Wait(CancellationToken.None);

    private Task<ClassifierBatch> Prepare(CancellationToken cancellation)
    {
        _prepared++;
        return Task.Run(Read, cancellation);
    }

    // One after the other: the next is begun when the last is done.
    private ClassifierBatch Read()
    {
        var again = _earlier.Count == Delay ? _earlier.Dequeue().Mirrored() : null;
        var fresh = ClassifierBatch.Read(read, _nextImage, again is null ? batchSize : batchSize - (batchSize / 2));
        _nextImage += fresh.Classes.Length;
        _earlier.Enqueue(fresh.Part(Math.Max(1, batchSize / 2)));
        return again is null ? fresh : fresh.With(again, batchSize);
    }
}
