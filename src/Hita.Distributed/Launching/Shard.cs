using System.Globalization;
using Hita.Runtime;

namespace Hita.Distributed.Launching;

/// <summary>One of several equal parts of a list, each of which a process of its own works on.</summary>
/// <param name="Index">Which part, from 0.</param>
/// <param name="Count">How many parts there are.</param>
public sealed record Shard(int Index, int Count)
{
    /// <summary>The largest number of parts.</summary>
    public const int MaxCount = 65_536;

    /// <summary>The whole list.</summary>
    public static Shard Whole { get; } = new(0, 1);

    /// <summary>Whether it is the whole list.</summary>
    public bool IsWhole => Count == 1;

    /// <summary>The part of this process: the one that is named, or its rank's where a launcher started several, or the whole.</summary>
    /// <param name="text">The part in the form <c>2/8</c>; null where none is named.</param>
    /// <exception cref="HitaException">It has another form, or the launcher says nonsense.</exception>
    public static Shard Choose(string? text) =>
        text is not null ? Parse(text) : LaunchEnvironment.Find() is { } launched ? new Shard(launched.Rank, launched.Size) : Whole;

    /// <summary>Reads a part of the form <c>2/8</c>: the third of eight.</summary>
    /// <param name="text">The text.</param>
    /// <exception cref="HitaException">It has another form.</exception>
    public static Shard Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Split('/') is [var index, var count] && Read(index) is { } i && Read(count) is { } n && n is >= 1 and <= MaxCount && i < n
            ? new Shard(i, n)
            : throw new HitaException($"The shard '{MessageText.Short(text)}' is none: it has the form i/n, with i from 0 to n - 1, such as 0/4 to 3/4.");
    }

    /// <summary>Where the part lies in a list: its first item, and how many it has. Parts differ by one item at most.</summary>
    /// <param name="total">Items of the list.</param>
    public (int First, int Count) Of(int total)
    {
        var first = (int)((long)total * Index / Count);
        return (first, (int)((long)total * (Index + 1) / Count) - first);
    }

    /// <summary>The part as it is written.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Index}/{Count}");

    private static int? Read(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
