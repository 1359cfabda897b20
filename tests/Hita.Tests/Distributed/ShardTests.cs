using Hita.Distributed.Launching;
using Hita.Runtime;
using Hita.Tests.Cli;
using Hita.Tests.Data;
using Hita.Tests.Support;

namespace Hita.Tests.Distributed;

/// <summary>Work that is shared out without MPI.</summary>
public sealed class ShardTests
{
    [Theory]
    [InlineData(10, 3)]
    [InlineData(3, 7)]
    [InlineData(int.MaxValue, 65536)]
    public void Parts_are_even_and_leave_nothing_out(int total, int count)
    {
        var next = 0;
        for (var i = 0; i < count; i++)
        {
            var (first, length) = new Shard(i, count).Of(total);
            Assert.Equal(next, first);
            Assert.InRange(length, total / count, (total / count) + 1);
            next += length;
        }
        Assert.Equal(total, next);
    }

    [Theory]
    [InlineData("4/4")]
    [InlineData("1")]
    [InlineData("-1/4")]
    [InlineData("0/0")]
    [InlineData("0/99999")]
    [InlineData("0/4/2")]
    [InlineData(" 0/4")]
    public void Other_forms_are_refused(string text) =>
        Assert.Contains("it has the form i/n", Assert.Throws<HitaException>(() => Shard.Parse(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void Images_are_the_same_whoever_generates_them()
    {
        using var folder = new TemporaryFolder();
        Generate(folder["whole"]);
        for (var i = 0; i < 3; i++)
            Generate(folder["parts"], "--shard", $"{i}/3");
        Files.RequireEqual(folder["whole"], folder["parts"], "*-s9-*.png", 5);
        Assert.False(File.Exists(folder["parts/grid.png"]));

        static void Generate(string output, params string[] more)
        {
            var (code, _, error) = CommandLine.Run(["generate", "-m", "tiny", "--class", "3", "--count", "5", "--seed", "9", "-o", output, .. more]);
            Assert.True(code == 0, error);
        }
    }

    [Fact]
    public void Codes_of_parts_become_the_cache_of_the_whole()
    {
        using var folder = new TemporaryFolder();
        Sets.WriteClasses(folder["data"], 4, "ant", "bee");
        Tokenize("whole");
        Assert.Contains("the part 1/3 is done", Tokenize("parts", "--shard", "1/3"), StringComparison.Ordinal);
        Tokenize("parts", "--shard", "0/3");
        Assert.False(File.Exists(folder["parts/cache.json"]));
        Tokenize("parts", "--shard", "2/3");
        Files.RequireEqual(folder["whole"], folder["parts"], "*", 3);
        Assert.Empty(Directory.EnumerateDirectories(folder["parts"]));
        // Once more is no harm.
        Tokenize("parts", "--shard", "2/3");

        string Tokenize(string output, params string[] more)
        {
            var (code, text, error) = CommandLine.Run(["tokenize", folder["data"], "-m", "tiny", "-o", folder[output], .. more]);
            Assert.True(code == 0, error);
            return text;
        }
    }

    [Fact]
    public void An_evaluation_in_parts_is_merged_by_the_command_that_measured_it()
    {
        using var folder = new TemporaryFolder();
        Sets.WriteClasses(folder["data"], 3, "ant", "bee");
        Evaluate("whole");
        Evaluate("parts", "--shard", "0/2");
        var (code, output, error) = CommandLine.Run("evaluate", "merge", folder["parts"]);
        Assert.Equal(1, code);
        Assert.Contains("the shard 1/2 is not done yet", error, StringComparison.Ordinal);
        Evaluate("parts", "--shard", "1/2");
        (code, output, error) = CommandLine.Run("evaluate", "merge", folder["parts"]);
        Assert.True(code == 0, error);
        Assert.Contains("report.json holds all of it", output, StringComparison.Ordinal);
        Reports.RequireEqual(folder["whole"], folder["parts"]);

        void Evaluate(string to, params string[] more)
        {
            var (code, _, error) = CommandLine.Run(["evaluate", "reconstruction", folder["data"], "-m", "tiny", "-o", folder[to], .. more]);
            Assert.True(code == 0, error);
        }
    }

    [Fact]
    [Trait("Category", "Slow")]
    public void Ranks_share_out_by_themselves()
    {
        Ranks.SkipWithout();
        using var folder = new TemporaryFolder();
        Sets.WriteClasses(folder["data"], 4, "ant", "bee");
        foreach (var ranks in (int[])[0, 2, 4])
        {
            Run(ranks, "generate", "-m", "tiny", "--class", "1,3", "--count", "500", "--seed", "9", "-o", folder[$"images-{ranks}"]);
            Run(ranks, "tokenize", folder["data"], "-m", "tiny", "-o", folder[$"codes-{ranks}"]);
            Run(ranks, "evaluate", "reconstruction", folder["data"], "-m", "tiny", "-o", folder[$"report-{ranks}"]);
        }
        foreach (var ranks in (int[])[2, 4])
        {
            Files.RequireEqual(folder["images-0"], folder[$"images-{ranks}"], "*-s9-*.png", 1000);
            Files.RequireEqual(folder["codes-0"], folder[$"codes-{ranks}"], "*", 3);
            Reports.RequireEqual(folder["report-0"], folder[$"report-{ranks}"]);
        }

        static void Run(int ranks, params string[] arguments)
        {
            var (code, output, error) = Ranks.Run(ranks, [.. arguments, "--threads", "1"]);
            Assert.True(code == 0, output + error);
        }
    }
}
