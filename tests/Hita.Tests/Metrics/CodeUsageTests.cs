using Hita.Metrics;
using Hita.Runtime;
using Hita.Tests.Support;

namespace Hita.Tests.Metrics;

public sealed class CodeUsageTests
{
    [Fact]
    public void Even_use_has_the_perplexity_of_the_entries_used()
    {
        var usage = new CodeUsage(8);
        usage.Add([0, 1, 2, 3, 3, 2, 1, 0]);
        Assert.Equal((8L, 4, 0.5), (usage.Count, usage.UsedCount, usage.Usage));
        Assert.Equal(2, usage.EntropyBits, 1e-12);
        Assert.Equal(4, usage.Perplexity, 1e-12);
    }

    [Fact]
    public void Uneven_use_has_the_perplexity_of_the_formula()
    {
        var usage = new CodeUsage(3);
        usage.Add([0, 0, 0, 1]);
        Assert.Equal(Math.Exp(-(0.75 * Math.Log(0.75)) - (0.25 * Math.Log(0.25))), usage.Perplexity, 1e-12);
        Assert.Equal(1, new CodeUsage(3).Perplexity);
    }

    [Fact]
    public void A_code_outside_the_codebook_is_refused_and_nothing_is_counted()
    {
        var usage = new CodeUsage(4);
        Assert.Contains("code 4", Assert.Throws<HitaException>(() => usage.Add([1, 4])).Message, StringComparison.Ordinal);
        Assert.Throws<HitaException>(() => usage.Add([-1]));
        Assert.Equal(0, usage.Count);
    }

    [Fact]
    public void Parts_can_be_merged_and_saved()
    {
        using var folder = new TemporaryFolder();
        var (first, second) = (new CodeUsage(4), new CodeUsage(4));
        first.Add([0, 1, 1]);
        second.Add([1, 3]);
        first.Merge(second);
        new AccumulatorWriter().Add("patch", first).Add("holistic", second).Note("protocol", "hita").Save(folder["state"]);
        using var file = AccumulatorReader.Open(folder["state"]);
        Assert.Equal([1, 3, 0, 1], file.Read<CodeUsage>("patch").Counts.ToArray());
        Assert.Equal([0, 1, 0, 1], file.Read<CodeUsage>("holistic").Counts.ToArray());
        Assert.Equal("hita", file.Note("protocol"));
        Assert.True(file.Has("patch"));
        Assert.False(file.Has("semantic"));
    }
}
