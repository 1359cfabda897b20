using System.Diagnostics;
using Hita.Data;
using Hita.Training.Recipes;
using static TorchSharp.torch;

namespace Hita.Training.Runs;

/// <summary>Images for a tokenizer, step by step.</summary>
internal sealed class ImageFeed : IBatchFeed<TokenizerBatch>
{
    private readonly LoaderSteps _steps;
    private readonly int _accumulation;
    private readonly List<Tensor> _live = [];

    /// <param name="loader">Reads whole steps.</param>
    /// <param name="firstStep">The step to begin with, from 1.</param>
    /// <param name="accumulation">Parts of a step; it divides the batch size.</param>
    public ImageFeed(BatchLoader loader, long firstStep, int accumulation) =>
        (_steps, _accumulation) = (new LoaderSteps(loader, firstStep), accumulation);

    public double WaitSeconds => _steps.WaitSeconds;

    public IReadOnlyList<TokenizerBatch> Take(long number, CancellationToken cancellation)
    {
        Free();
        using var batch = _steps.Next(number, cancellation);
        var whole = batch.ToTensor().DetachFromDisposeScope();
        _live.Add(whole);
        var labels = batch.Labels.ToArray();
        var size = batch.Count / _accumulation;
        var parts = new TokenizerBatch[_accumulation];
        for (var i = 0; i < parts.Length; i++)
        {
            var part = whole.narrow(0, i * size, size).DetachFromDisposeScope();
            _live.Add(part);
            parts[i] = new TokenizerBatch(part, labels[(i * size)..((i + 1) * size)]);
        }
        return parts;
    }

    public void Dispose()
    {
        Free();
        _steps.Dispose();
    }

    private void Free()
    {
        foreach (var tensor in _live)
            tensor.Dispose();
        _live.Clear();
    }
}

/// <summary>A loader's batches as steps, beginning anywhere.</summary>
internal sealed class LoaderSteps(BatchLoader loader, long firstStep) : IDisposable
{
    private IEnumerator<ImageBatch>? _batches;
    private long _next = firstStep;

    /// <summary>Seconds that the last call waited for images.</summary>
    public double WaitSeconds { get; private set; }

    /// <summary>How a recipe reads its data.</summary>
    public static BatchLoaderOptions Options(DataSection data, ScheduleSection schedule, ComputeSection compute, int size, ulong seed) => new()
    {
        BatchSize = schedule.BatchSize,
        Augmentation = new Augmentation { Size = size, Crop = data.Crop, Flip = data.Flip, TenCropScales = data.TenCropScales },
        Seed = seed,
        MaxUnreadable = data.MaxUnreadable,
        Workers = compute.Readers,
    };

    /// <summary>The next step's batch.</summary>
    public ImageBatch Next(long step, CancellationToken cancellation)
    {
        if (step != _next++)
            throw new InvalidOperationException($"Step {step} was asked for where {_next - 1} comes next.");
        var asked = Stopwatch.GetTimestamp();
        if (_batches is null)
        {
            var (epoch, number) = Math.DivRem(step - 1, loader.BatchesPerEpoch);
            _batches = loader.Batches(checked((int)epoch), (int)number, cancellation).GetEnumerator();
        }
        _batches.MoveNext();
        WaitSeconds = Stopwatch.GetElapsedTime(asked).TotalSeconds;
        return _batches.Current;
    }

    public void Dispose() => _batches?.Dispose();
}
