using Hita.Data;
using Hita.Runtime;
using Hita.Tokenization;
using Hita.Training.Recipes;
using Hita.Training.TokenCaches;
using static TorchSharp.torch;

namespace Hita.Training.Runs;

/// <summary>Turns images into codes for a generator: the tokenizer in evaluation mode and float32.</summary>
internal static class CodeEncoding
{
    private const int LargestBatch = 32;

    /// <summary>The codes of a batch.</summary>
    public static GeneratorBatch Encode(ImageTokenizer tokenizer, ImageBatch batch, string device)
    {
        var holistic = new List<int>();
        var patches = new List<int>();
        using var inference = inference_mode();
        using var scope = NewDisposeScope();
        var images = batch.ToTensor();
        for (var at = 0; at < batch.Count; at += LargestBatch)
        {
            using var part = NewDisposeScope();
            var pixels = images.narrow(0, at, Math.Min(LargestBatch, batch.Count - at)).to(Compute.Device(device));
            var (h, p) = tokenizer.Model.Quantize(tokenizer.Model.Features(pixels));
            if (h is not null)
                holistic.AddRange(h.ToInts());
            patches.AddRange(p.ToInts());
        }
        return new GeneratorBatch(batch.Labels.ToArray(), [.. holistic], [.. patches]);
    }

    /// <summary>A batch in equal parts.</summary>
    public static IReadOnlyList<GeneratorBatch> Split(GeneratorBatch whole, int parts)
    {
        if (parts == 1)
            return [whole];
        int size = whole.Classes.Length / parts, m = whole.Holistic.Length / parts, n = whole.Patches.Length / parts;
        return [.. Enumerable.Range(0, parts).Select(i => new GeneratorBatch(
            whole.Classes[(i * size)..((i + 1) * size)], whole.Holistic[(i * m)..((i + 1) * m)], whole.Patches[(i * n)..((i + 1) * n)]))];
    }
}

/// <summary>Codes of images that are encoded anew at each step, each time cropped and mirrored by chance.</summary>
/// <param name="loader">Reads whole steps.</param>
/// <param name="tokenizer">Makes the codes; it stays the caller's.</param>
/// <param name="device">Where it does.</param>
/// <param name="firstStep">The step to begin with, from 1.</param>
/// <param name="accumulation">Parts of a step on this rank; it divides the loader's batch size.</param>
internal sealed class EncodingFeed(BatchLoader loader, ImageTokenizer tokenizer, string device, long firstStep, int accumulation)
    : LoaderFeed<GeneratorBatch>(loader, firstStep)
{
    /// <inheritdoc/>
    protected override IReadOnlyList<GeneratorBatch> Split(ImageBatch images) =>
        CodeEncoding.Split(CodeEncoding.Encode(tokenizer, images, device), accumulation);
}

/// <summary>Codes from a cache. Which image and which of its variants comes where is a function of the seed and the step.</summary>
internal sealed class CacheFeed : IBatchFeed<GeneratorBatch>
{
    private const ulong Purpose = 0x56617269_00000000;

    private readonly TokenCache _cache;
    private readonly int[] _images;
    private readonly ScheduleSection _schedule;
    private readonly RankShare _share;
    private readonly ulong _seed;
    private EpochOrder? _order;
    private long _epoch = -1;
    private long _next;

    /// <param name="cache">The cache; it stays the caller's.</param>
    /// <param name="images">Which of its images.</param>
    /// <param name="firstStep">The step to begin with, from 1.</param>
    /// <param name="schedule">Images of a step, and the parts that it is computed in.</param>
    /// <param name="seed">The run's seed.</param>
    /// <param name="share">Which part of each step's images.</param>
    public CacheFeed(TokenCache cache, int[] images, long firstStep, ScheduleSection schedule, ulong seed, RankShare share)
    {
        _next = firstStep;
        (_cache, _images, _schedule, _seed, _share) = (cache, images, schedule, seed, share);
        StepsPerEpoch = images.Length / schedule.BatchSize;
        if (StepsPerEpoch == 0)
            throw new DataException(cache.Path, $"there are {images.Length} images to learn from, fewer than the {schedule.BatchSize} of a step; make the steps smaller.");
    }

    /// <summary>Steps of a pass; what is left over is left out.</summary>
    public int StepsPerEpoch { get; }

    // Read from mapped memory, in no time worth measuring.
    public double WaitSeconds => 0;

    public IReadOnlyList<GeneratorBatch> NextBatches(CancellationToken cancellation)
    {
        var (epoch, place) = Math.DivRem(_next++ - 1, StepsPerEpoch);
        if (epoch != _epoch || _order is null)
            (_order, _epoch) = (new EpochOrder(_images.Length, [], 1, _seed, checked((int)epoch)), epoch);
        var chosen = new (int Image, int Variant)[_share.BatchOf(_schedule)];
        var first = (place * _schedule.BatchSize) + ((long)_share.Rank * chosen.Length);
        for (var i = 0; i < chosen.Length; i++)
        {
            var image = _images[_order.At(checked((int)(first + i)))];
            chosen[i] = (image, new CounterRandom(_seed, (ulong)image, Purpose + (ulong)epoch).Below(_cache.Info.Variants));
        }
        return CodeEncoding.Split(Read(_cache, chosen), _share.PartsOf(_schedule));
    }

    /// <summary>Images of a cache as a batch.</summary>
    public static GeneratorBatch Read(TokenCache cache, IReadOnlyList<(int Image, int Variant)> chosen)
    {
        int m = cache.Info.HolisticTokenCount, n = cache.Info.GridHeight * cache.Info.GridWidth;
        var batch = new GeneratorBatch(new int[chosen.Count], new int[chosen.Count * m], new int[chosen.Count * n]);
        for (var i = 0; i < chosen.Count; i++)
        {
            batch.Classes[i] = cache.ClassAt(chosen[i].Image);
            cache.Read(chosen[i].Image, chosen[i].Variant, batch.Holistic.AsSpan(i * m, m), batch.Patches.AsSpan(i * n, n));
        }
        return batch;
    }

    public void Dispose()
    {
    }
}
