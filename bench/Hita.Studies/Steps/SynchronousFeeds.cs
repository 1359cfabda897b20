using System.Diagnostics;
using Hita.Data;
using Hita.Imaging;
using Hita.Tokenization;
using Hita.Training;
using Hita.Training.Runs;

namespace Hita.Studies.Steps;

/// <summary>The images of a loader, read by the thread that asks for them.</summary>
internal sealed class SynchronousBatches(IImageSource source, BatchLoaderOptions options)
{
    private readonly BatchSchedule _schedule = new(source, options);
    private readonly BatchMemory _memory = new(options.BatchSize, options.Augmentation.Size * options.Augmentation.Size * Image.Channels);

    /// <summary>Seconds that the last batch took.</summary>
    public double Seconds { get; private set; }

    /// <summary>The batch of a step, from 1; it is overwritten by the next.</summary>
    public ImageBatch Read(long step)
    {
        var began = Stopwatch.GetTimestamp();
        var (epoch, number) = Math.DivRem(step - 1, _schedule.BatchesPerEpoch);
        var batch = _schedule.Plan(checked((int)epoch), (int)number, _memory);
        for (var place = 0; place < batch.Count; place++)
        {
            var index = _schedule.Choose(batch, place, attempt: 0);
            batch.Put(place, index, source.ClassAt(index), options.Augmentation.Apply(source.Read(index), options.Seed, batch.Epoch, index));
        }
        Seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        return new ImageBatch(batch.Epoch, batch.Number, options.Augmentation.Size, _memory, batch.Count, release: null);
    }
}

/// <summary>Images for a tokenizer that are read when the step asks for them.</summary>
internal sealed class SynchronousImages(SynchronousBatches batches, long firstStep, int accumulation) : IBatchFeed<TokenizerBatch>
{
    private long _next = firstStep;

    public double WaitSeconds => batches.Seconds;

    public IReadOnlyList<TokenizerBatch> NextBatches(CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        using var batch = batches.Read(_next++);
        // In the scope of the step.
        var whole = batch.ToTensor();
        var size = batch.Count / accumulation;
        return [.. Enumerable.Range(0, accumulation).Select(i => new TokenizerBatch(whole.narrow(0, i * size, size), []))];
    }

    public void Dispose()
    {
    }
}

/// <summary>Codes for a generator of images that are read when the step asks for them.</summary>
internal sealed class SynchronousCodes(SynchronousBatches batches, ImageTokenizer tokenizer, string device, long firstStep, int accumulation)
    : IBatchFeed<GeneratorBatch>
{
    private long _next = firstStep;

    public double WaitSeconds => batches.Seconds;

    public IReadOnlyList<GeneratorBatch> NextBatches(CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        using var batch = batches.Read(_next++);
        return CodeEncoding.Split(CodeEncoding.Encode(tokenizer, batch, device), accumulation);
    }

    public void Dispose()
    {
    }
}

/// <summary>Codes that were made before, over and over.</summary>
internal sealed class ReadyCodes(IReadOnlyList<IReadOnlyList<GeneratorBatch>> steps, long firstStep) : IBatchFeed<GeneratorBatch>
{
    private long _next = firstStep;

    public double WaitSeconds => 0;

    public IReadOnlyList<GeneratorBatch> NextBatches(CancellationToken cancellation) => steps[(int)((_next++ - 1) % steps.Count)];

    public void Dispose()
    {
    }
}
