using Hita.Runtime;

namespace Hita.Data;

/// <summary>Images that could not be read and were left out.</summary>
/// <param name="Count">How many, 1 or more.</param>
/// <param name="First">What was said about the first few of them, each naming its image; empty where that is no longer known.</param>
public sealed record UnreadableSummary(long Count, IReadOnlyList<string> First)
{
    /// <summary>How many they are, and what is wrong with the first one.</summary>
    /// <returns>One sentence.</returns>
    public string ToSentence()
    {
        var images = Count == 1 ? "1 image" : FormattableString.Invariant($"{Count} images");
        var reason = First is [var first, ..] ? $"; the first: {first.TrimEnd('.')}." : ".";
        return $"{images} could not be read and {(Count == 1 ? "was" : "were")} left out{reason}";
    }

    /// <summary>Joins summaries of several sets.</summary>
    /// <param name="summaries">The summaries; null for a set without such images.</param>
    /// <returns>All of them together; null where every image was read.</returns>
    public static UnreadableSummary? Join(IEnumerable<UnreadableSummary?> summaries)
    {
        ArgumentNullException.ThrowIfNull(summaries);
        var all = summaries.OfType<UnreadableSummary>().ToList();
        return all.Count == 0 ? null : new(all.Sum(static s => s.Count), [.. all.SelectMany(static s => s.First).Take(UnreadableImages.MaxNamed)]);
    }
}

/// <summary>
/// What becomes of images that cannot be read, wherever many are read: each is skipped and counted, the first few are named, and
/// too many of them are an error. Not safe for several threads at once.
/// </summary>
public sealed class UnreadableImages
{
    /// <summary>Unreadable images that are named; the others are counted only.</summary>
    public const int MaxNamed = 10;

    /// <summary>Unreadable images from which on their share is judged, so that a few broken files do not stop a small set.</summary>
    public const int JudgedFrom = 10;

    /// <summary>The share of a set that may be unreadable where nothing else is said.</summary>
    public const double DefaultMaxShare = 0.1;

    private readonly string _source;
    private readonly double _maxShare;
    private readonly List<string> _first;

    /// <summary>Starts to count.</summary>
    /// <param name="source">What the images come from, for the message.</param>
    /// <param name="maxShare">The share that may be unreadable, 0 to 1; at 0 the first one is an error.</param>
    /// <param name="before">Those counted before an interruption; may be null.</param>
    public UnreadableImages(string source, double maxShare = DefaultMaxShare, UnreadableSummary? before = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        (_source, _maxShare, Count, _first) = (source, maxShare, before?.Count ?? 0, [.. before?.First ?? []]);
    }

    /// <summary>Unreadable images so far.</summary>
    public long Count { get; private set; }

    /// <summary>What was said about the first few of them.</summary>
    public IReadOnlyList<string> First => _first;

    /// <summary>Them in short; null where there are none.</summary>
    public UnreadableSummary? Summary => Count == 0 ? null : new(Count, [.. _first]);

    /// <summary>Whether an error while reading an image is that image's own fault, so that others may still be read.</summary>
    /// <param name="error">The error.</param>
    public static bool IsFault(Exception error) => error is HitaException or IOException;

    /// <summary>Counts one.</summary>
    /// <param name="fault">What is wrong with it, in a sentence that names the image.</param>
    public void Add(string fault)
    {
        ArgumentNullException.ThrowIfNull(fault);
        if (_first.Count < MaxNamed)
            _first.Add(fault);
        Count++;
    }

    /// <summary>Stops where too many images are unreadable.</summary>
    /// <param name="total">The images that these are a part of: of the whole set, or of what has been read where it has no end.</param>
    /// <exception cref="DataException">They are more than the allowed share.</exception>
    public void Check(long total)
    {
        var judgedFrom = _maxShare == 0 ? 1 : JudgedFrom;
        if (Count < judgedFrom || Count <= _maxShare * total)
            return;
        throw new DataException(
            _source,
            FormattableString.Invariant($"{Count} of {total} images cannot be read, more than the {_maxShare:0.#%} allowed; \"hita data check\" names them all{FirstReason(", ")}."));
    }

    /// <summary>Stops where nothing is left.</summary>
    /// <param name="read">Images that could be read.</param>
    /// <exception cref="DataException">There is none, and some were unreadable.</exception>
    public void RequireSome(long read)
    {
        if (read == 0 && Count > 0)
            throw new DataException(_source, $"not one image can be read{FirstReason("; ")}.");
    }

    private string FirstReason(string separator) => _first is [var first, ..] ? $"{separator}the first is {first.TrimEnd('.')}" : "";
}
