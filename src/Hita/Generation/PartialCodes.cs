using Hita.Generation.Model;
using Hita.Runtime;
using Hita.Tokenization;

namespace Hita.Generation;

/// <summary>The codes of an image of which some are known and the others are to be sampled.</summary>
/// <param name="Holistic">M holistic codes, each 0 … V − 1 or <see cref="Unknown"/>; empty in the vanilla family.</param>
/// <param name="Patches">N patch codes in raster order, each 0 … V − 1 or <see cref="Unknown"/>.</param>
public sealed record PartialCodes(IReadOnlyList<int> Holistic, IReadOnlyList<int> Patches)
{
    /// <summary>Stands for a code that is to be sampled.</summary>
    public const int Unknown = -1;

    /// <summary>Codes of which nothing is known.</summary>
    /// <param name="config">The generator.</param>
    public static PartialCodes Nothing(GeneratorConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        return new(
            [.. Enumerable.Repeat(Unknown, config.HolisticTokenCount)], [.. Enumerable.Repeat(Unknown, config.PatchTokenCount)]);
    }

    /// <summary>Collects what does not fit a generator.</summary>
    internal void AddFaults(GeneratorConfig config, FaultCollector faults)
    {
        faults.Require(Holistic.Count == config.HolisticTokenCount, $"{Holistic.Count} holistic codes are given, this generator writes {config.HolisticTokenCount}");
        faults.Require(Patches.Count == config.PatchTokenCount, $"{Patches.Count} patch codes are given, this generator writes {config.GridHeight} × {config.GridWidth}");
        foreach (var code in Holistic.Concat(Patches).Where(c => c < Unknown || c >= config.CodebookSize).Distinct())
            faults.Add($"code {code} does not exist, 0 to {config.CodebookSize - 1} do, and {Unknown} stands for an unknown one");
    }
}

/// <summary>An image whose unknown codes have been sampled.</summary>
/// <param name="Codes">All codes, the known ones as they were given.</param>
/// <param name="LogLikelihood">The natural logarithm of the probability that the model gives, for the image's class and without
/// guidance, to the known codes that follow the first sampled one; 0 where none follow. The more, the better what was sampled leads
/// on to what was known.</param>
/// <param name="ScoredCount">How many known codes follow the first sampled one.</param>
public sealed record CompletedCodes(ImageCodes Codes, double LogLikelihood, int ScoredCount);

public sealed partial class ImageGenerator
{
    /// <inheritdoc/>
    public IReadOnlyList<CompletedCodes> Complete(
        GenerationRequest request,
        IReadOnlyList<PartialCodes> known,
        bool score = false,
        IProgress<GenerationProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(known);
        request.Validate(Config);
        CheckKnown(known, request.Classes.Count);
        // A pass ends where nothing is left to be sampled or scored; that is planned for all images at once.
        var tokens = known.Select(k => Join(k, request.UnseenPatches)).ToArray();
        var count = score ? tokens[0].Length : tokens.Max(static t => t.AsSpan().LastIndexOf(PartialCodes.Unknown)) + 1;
        var all = new List<CompletedCodes>(request.Classes.Count);
        foreach (var classes in request.Classes.Chunk(request.BatchSize))
        {
            var first = all.Count;
            var given = Enumerable.Range(first, classes.Length).Select(i => tokens[known.Count == 1 ? 0 : i]).ToArray();
            var scores = score ? new double[classes.Length * count] : null;
            var start = given.Min(static t => t.AsSpan().IndexOf(PartialCodes.Unknown) is >= 0 and var at ? at : t.Length);
            var forced = new ForcedTokens([.. given.SelectMany(t => t.Take(count))], scores, start);
            var batch = new SamplingBatch(
                classes, request.Seed, request.FirstImage + first, count, request.Sampling, request.Boundary, forced);
            var sampled = count > 0 ? SamplingLoop.Run(_tokens, batch, Report, cancellation) : [];
            for (var i = 0; i < classes.Length; i++)
            {
                var whole = given[i].ToArray();
                sampled.AsSpan(i * count, count).CopyTo(whole);
                all.Add(Completed(given[i], whole, score ? scores.AsSpan(i * count, count) : [], known[known.Count == 1 ? 0 : first + i]));
            }

            void Report(int done) => progress?.Report(new GenerationProgress(
                done == count ? first + classes.Length : first, request.Classes.Count,
                ((long)first * count) + ((long)done * classes.Length), (long)request.Classes.Count * count));
        }
        return all;
    }

    private static int[] Join(PartialCodes known, int unseen) => [.. known.Holistic, .. known.Patches.SkipLast(unseen)];

    private void CheckKnown(IReadOnlyList<PartialCodes> known, int images)
    {
        var faults = new FaultCollector();
        faults.Require(known.Count == 1 || known.Count == images, $"known codes of {known.Count} images are given for {images}; give one for all, or one for each");
        foreach (var codes in known)
            codes.AddFaults(Config, faults);
        faults.Throw("The known codes");
    }

    private CompletedCodes Completed(int[] given, int[] whole, ReadOnlySpan<double> scores, PartialCodes known)
    {
        double sum = 0;
        var scored = 0;
        var start = given.AsSpan().IndexOf(PartialCodes.Unknown);
        for (var i = Math.Max(start, 0); start >= 0 && i < scores.Length; i++)
        {
            if (given[i] == PartialCodes.Unknown)
                continue;
            sum += scores[i];
            scored++;
        }
        var patches = known.Patches.Select(static c => Math.Max(c, 0)).ToArray();
        whole.AsSpan(Config.HolisticTokenCount).CopyTo(patches);
        return new CompletedCodes(
            new ImageCodes(whole[..Config.HolisticTokenCount], patches, Config.GridHeight, Config.GridWidth), sum, scored);
    }
}
