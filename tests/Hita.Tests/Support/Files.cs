using Hita.Evaluation.Reports;

namespace Hita.Tests.Support;

/// <summary>Compares folders.</summary>
internal static class Files
{
    /// <summary>Asserts that two folders hold the same files, to the bit.</summary>
    /// <param name="folder">The first.</param>
    /// <param name="other">The second.</param>
    /// <param name="pattern">Which files.</param>
    /// <param name="count">How many there must be.</param>
    public static void RequireEqual(string folder, string other, string pattern, int count)
    {
        var names = Names(folder, pattern);
        Assert.Equal(count, names.Length);
        Assert.Equal(names, Names(other, pattern));
        Assert.All(names, n => Assert.True(File.ReadAllBytes(Path.Combine(folder, n)).AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(other, n))), $"{n} differs"));
    }

    private static string[] Names(string folder, string pattern) =>
        [.. Directory.EnumerateFiles(folder, pattern).Select(static f => Path.GetFileName(f)).Order(StringComparer.Ordinal)];
}

/// <summary>Compares reports of evaluations.</summary>
internal static class Reports
{
    /// <summary>Asserts that two folders hold reports with the same numbers, up to the rounding of sums.</summary>
    public static void RequireEqual(string folder, string other)
    {
        var (first, second) = (EvaluationReport.Load(folder), EvaluationReport.Load(other));
        Assert.Equal(first.Samples, second.Samples);
        Assert.Equal(first.Metrics.Select(static m => m.Name), second.Metrics.Select(static m => m.Name));
        Assert.All(first.Metrics.Zip(second.Metrics), static m =>
            Assert.True(Math.Abs(m.First.Value - m.Second.Value) <= 1e-4 * Math.Max(1, Math.Abs(m.First.Value)), $"{m.First.Name} is {m.First.Value:r} and {m.Second.Value:r}"));
    }
}
