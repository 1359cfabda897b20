using System.Globalization;
using System.Text.RegularExpressions;
using Hita.Distributed.Launching;
using Hita.Evaluation.Classification;
using Hita.Metrics;
using Hita.Runtime;

namespace Hita.Evaluation.Runs;

/// <summary>The files in an evaluation's folder that hold the measurements of parts.</summary>
public static partial class EvaluationShards
{
    /// <summary>The note that holds the command.</summary>
    internal const string CommandNote = "command";

    private const string UnfinishedEnding = ".unfinished";

    /// <summary>All parts of an evaluation, in order.</summary>
    /// <param name="folder">The folder.</param>
    /// <exception cref="HitaException">There are none, one is missing, or there are those of two divisions.</exception>
    public static IReadOnlyList<string> Find(string folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        var found = Finished(folder);
        if (found.Count == 0)
            throw new HitaException($"{folder}: there are no measurements of shards here; make them with --shard i/n of an evaluation into this folder.");
        if (found.Select(static s => s.Count).Distinct().Count() > 1)
            throw new HitaException($"{folder}: there are shards of several divisions here ({string.Join(", ", found.Select(static s => s.ToString()).Take(6))}); delete those that do not belong.");
        var missing = Enumerable.Range(0, found[0].Count).Except(found.Select(static s => s.Index)).ToList();
        return missing.Count == 0
            ? [.. found.Select(s => PathOf(folder, s))]
            : throw new HitaException($"{folder}: {(missing.Count == 1 ? "the shard" : "the shards")} {string.Join(", ", missing.Take(8).Select(i => new Shard(i, found[0].Count)))}{(missing.Count > 8 ? " …" : "")} {(missing.Count == 1 ? "is" : "are")} not done yet; run the evaluation with --shard {missing[0]}/{found[0].Count}.");
    }

    /// <summary>The command that a part was measured by; empty where it was no command.</summary>
    /// <param name="file">The part's file.</param>
    /// <exception cref="HitaException">It cannot be read.</exception>
    public static string CommandOf(string file)
    {
        using var state = AccumulatorReader.Open(file);
        return state.Note(CommandNote) ?? "";
    }

    /// <summary>Refuses to measure a part where parts of another division are: they could never be put together.</summary>
    /// <exception cref="HitaException">There are some.</exception>
    internal static void RequireDivision(string folder, Shard shard)
    {
        var other = Finished(folder).FirstOrDefault(s => s.Count != shard.Count);
        if (other is not null)
            throw new HitaException($"{folder}: the shard {other} of another division is here, which {shard} cannot be merged with; go on with {other.Count} shards, delete the files shard-*, or choose another folder.");
    }

    /// <summary>Deletes what parts have left, once the report of all of them is written.</summary>
    internal static void Clear(string folder)
    {
        foreach (var file in Directory.EnumerateFiles(folder))
        {
            var name = Path.GetFileName(file);
            if (name.StartsWith(ClassifierCache.SharedFile, StringComparison.Ordinal) || Name().IsMatch(name.EndsWith(UnfinishedEnding, StringComparison.Ordinal) ? name[..^UnfinishedEnding.Length] : name))
                File.Delete(file);
        }
    }

    /// <summary>The file that an unfinished part goes on from.</summary>
    internal static string UnfinishedPathOf(string folder, Shard shard) => PathOf(folder, shard) + UnfinishedEnding;

    /// <summary>The file of a part.</summary>
    internal static string PathOf(string folder, Shard shard) =>
        Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"shard-{shard.Index:0000}-of-{shard.Count:0000}.safetensors"));

    private static List<Shard> Finished(string folder) => Directory.Exists(folder)
        ? [.. Directory.EnumerateFiles(folder).Select(static f => Name().Match(Path.GetFileName(f))).Where(static m => m.Success)
            .Select(static m => new Shard(Number(m.Groups[1]), Number(m.Groups[2]))).OrderBy(static s => s.Index)]
        : [];

    private static int Number(Group digits) => int.Parse(digits.ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^shard-(\d{4,5})-of-(\d{4,5})\.safetensors$")]
    private static partial Regex Name();
}
