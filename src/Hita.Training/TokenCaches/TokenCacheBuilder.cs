using Hita.Data;
using Hita.Distributed.Launching;
using Hita.Imaging;
using Hita.Runtime;
using Hita.Tokenization;

namespace Hita.Training.TokenCaches;

/// <summary>How a set of images is turned into a token cache.</summary>
public sealed record TokenCacheOptions
{
    /// <summary>Which variants of each image are encoded; its size is the tokenizer's.</summary>
    public required Augmentation Augmentation { get; init; }

    /// <summary>Variants encoded together, over several images. Default 32.</summary>
    public int BatchSize { get; init; } = 32;

    /// <summary>Images between two points from which an interrupted run continues. Default 1024.</summary>
    public int CommitEvery { get; init; } = 1024;

    /// <summary>
    /// The part of the images that is encoded, into a folder inside the cache's; whoever finishes the last part joins them all. Default the
    /// whole.
    /// </summary>
    public Shard Shard { get; init; } = Shard.Whole;

    /// <summary>Threads that decode; 0 for one less than there are processors. Default 0.</summary>
    public int Readers { get; init; }
}

/// <summary>What became of a set of images.</summary>
/// <param name="Images">Images in the cache, those that cannot be read included.</param>
/// <param name="Encoded">Images encoded now; the others were done before.</param>
/// <param name="Unreadable">Images among them that cannot be read.</param>
/// <param name="FirstUnreadable">What was said about the first few of those met now.</param>
/// <param name="IsWhole">Whether the cache is whole; without, other parts of it are still to come.</param>
public sealed record TokenCacheReport(int Images, int Encoded, int Unreadable, IReadOnlyList<string> FirstUnreadable, bool IsWhole = true);

/// <summary>Encodes a set of images once, so that generators can be trained on the codes.</summary>
public static class TokenCacheBuilder
{
    /// <summary>Encodes every image, from where an earlier call was interrupted.</summary>
    /// <param name="source">The images.</param>
    /// <param name="tokenizer">Encodes them.</param>
    /// <param name="folder">The cache's folder: empty, absent, or holding a part of the same work.</param>
    /// <param name="options">How.</param>
    /// <param name="progress">Told the number of images done; may be null.</param>
    /// <param name="cancellation">Stops soon; what is done is kept.</param>
    /// <exception cref="HitaException">The folder holds something else, or cannot be written; or too many images cannot be read.</exception>
    public static TokenCacheReport Build(
        IImageSource source, ImageTokenizer tokenizer, string folder, TokenCacheOptions options, IProgress<int>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.BatchSize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.CommitEvery, 1);
        if (!tokenizer.CanEncode)
            throw new HitaException("This tokenizer was loaded for decoding only; load it whole to encode images.");
        return options.Shard.IsWhole ? BuildAll(source, tokenizer, folder, options, progress, cancellation) : BuildPart(source, tokenizer, folder, options, progress, cancellation);
    }

    private static TokenCacheReport BuildPart(
        IImageSource source, ImageTokenizer tokenizer, string folder, TokenCacheOptions options, IProgress<int>? progress, CancellationToken cancellation)
    {
        var (first, count) = options.Shard.Of(source.Count);
        if (source.Count < options.Shard.Count)
            throw new HitaException($"{source.Description} has {source.Count} images, fewer than the {options.Shard.Count} shards; use fewer.");
        var whole = Describe(source, tokenizer, options.Augmentation);
        if (TokenCacheShards.IsDone(folder, whole))
            return new TokenCacheReport(count, 0, 0, []);
        var report = BuildAll(
            ImageSubset.Range(source, first, count), tokenizer, TokenCacheShards.FolderOf(folder, options.Shard), options, progress, cancellation);
        return report with { IsWhole = TokenCacheShards.TryJoin(folder, whole, options.Shard.Count) };
    }

    private static TokenCacheReport BuildAll(
        IImageSource source, ImageTokenizer tokenizer, string folder, TokenCacheOptions options, IProgress<int>? progress, CancellationToken cancellation)
    {
        var variants = options.Augmentation.Validate().VariantCount;
        using var writer = TokenCacheWriter.Open(folder, Describe(source, tokenizer, options.Augmentation));
        var first = writer.Done;
        var before = writer.UnreadableBefore();
        var unreadable = new UnreadableImages(source.Description, before: before == 0 ? null : new UnreadableSummary(before, []));
        var chunk = Math.Max(1, options.BatchSize / variants);
        // The next chunk is decoded while this one is encoded.
        var next = Decode(source, first, chunk, options, cancellation);
        try
        {
            for (var at = first; at < source.Count; at += chunk)
            {
                var decoded = next.GetAwaiter().GetResult();
                next = Decode(source, at + chunk, chunk, options, cancellation);
                Write(writer, source, tokenizer, decoded, at, options.BatchSize, unreadable, cancellation);
                unreadable.Check(source.Count);
                if ((at + chunk) / options.CommitEvery != at / options.CommitEvery)
                    writer.Commit();
                progress?.Report(Math.Min(at + chunk, source.Count));
            }
        }
        finally
        {
            // Nothing may read the source once its owner has it back.
            Task.WaitAny([next], CancellationToken.None);
            // Also when cancelled: what has been encoded is kept.
            writer.Commit();
        }
        unreadable.RequireSome(source.Count - unreadable.Count);
        return new TokenCacheReport(source.Count, source.Count - first, (int)unreadable.Count, unreadable.First);
    }

    /// <summary>As <see cref="Build"/>, on another thread.</summary>
    /// <inheritdoc cref="Build" path="/param"/>
    /// <inheritdoc cref="Build" path="/exception"/>
    public static Task<TokenCacheReport> BuildAsync(
        IImageSource source, ImageTokenizer tokenizer, string folder, TokenCacheOptions options, IProgress<int>? progress = null,
        CancellationToken cancellation = default) =>
        Background.Run(() => Build(source, tokenizer, folder, options, progress, cancellation), cancellation);

    private static TokenCacheInfo Describe(IImageSource source, ImageTokenizer tokenizer, Augmentation augmentation) => new()
    {
        ModelHash = tokenizer.ModelHash,
        EncoderPrecision = tokenizer.EncoderPrecision == Precision.Float32 ? null : tokenizer.EncoderPrecision,
        CodebookSize = tokenizer.Config.CodebookSize,
        HolisticTokenCount = tokenizer.Config.HolisticTokenCount,
        GridHeight = augmentation.Size / tokenizer.Config.PatchSize,
        GridWidth = augmentation.Size / tokenizer.Config.PatchSize,
        Variants = augmentation.VariantCount,
        ImageSize = augmentation.Size,
        Crop = augmentation.Crop,
        Flip = augmentation.Flip,
        TenCropScales = augmentation.TenCropScales,
        Source = source.Description,
        Images = source.Count,
        ClassNames = source.ClassNames,
    };

    private static void Write(
        TokenCacheWriter writer, IImageSource source, ImageTokenizer tokenizer, Decoded[] decoded, int first, int batchSize, UnreadableImages unreadable, CancellationToken cancellation)
    {
        var codes = tokenizer.Encode([.. decoded.SelectMany(static d => d.Variants)], batchSize, cancellation);
        var at = 0;
        for (var i = 0; i < decoded.Length; i++)
        {
            if (decoded[i].Fault is { } fault)
            {
                writer.WriteUnreadable();
                unreadable.Add(fault);
                continue;
            }
            var count = decoded[i].Variants.Length;
            writer.Write(source.ClassAt(first + i), [.. codes.Skip(at).Take(count)]);
            at += count;
        }
    }

    private static Task<Decoded[]> Decode(IImageSource source, int first, int count, TokenCacheOptions options, CancellationToken cancellation) => Task.Run(() =>
    {
        var decoded = new Decoded[Math.Clamp(source.Count - first, 0, count)];
        var threads = options.Readers > 0 ? options.Readers : Math.Max(1, Environment.ProcessorCount - 1);
        Parallel.For(0, decoded.Length, new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellation }, i => decoded[i] = Read(source, first + i, options.Augmentation));
        return decoded;
    }, cancellation);

    private static Decoded Read(IImageSource source, int index, Augmentation augmentation)
    {
        try
        {
            var image = source.Read(index);
            return new Decoded([.. Enumerable.Range(0, augmentation.VariantCount).Select(v => augmentation.ApplyVariant(image, v))], null);
        }
        catch (Exception e) when (UnreadableImages.IsFault(e))
        {
            return new Decoded([], e.Message);
        }
    }

    private sealed record Decoded(Image[] Variants, string? Fault);
}
