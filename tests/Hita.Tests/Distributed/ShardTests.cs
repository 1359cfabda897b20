using Hita.Distributed.Launching;
using Hita.Evaluation.Classification;
using Hita.Evaluation.Reports;
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
    public void Generated_images_are_judged_in_parts_that_have_the_same_settings()
    {
        using var folder = new TemporaryFolder();
        Evaluate("whole");
        Evaluate("parts", "--shard", "0/2");
        Evaluate("parts", "--shard", "1/2", "--precision", "int8");
        Merge("shard-0001-of-0002.safetensors: these measurements are of another evaluation (other data, model or settings); measure this shard again.");
        Evaluate("parts", "--shard", "1/2");
        Merge(null);
        Reports.RequireEqual(folder["whole"], folder["parts"]);

        void Evaluate(string to, params string[] more)
        {
            // The folder has no weights: codes are counted, and the samples are known by their hash.
            var (code, _, error) = CommandLine.Run(["evaluate", "generation", "-m", "tiny", "--samples", "10", "--weights", Directory.CreateDirectory(folder["none"]).FullName, "-o", folder[to], .. more]);
            Assert.True(code == 0, error);
        }

        void Merge(string? refusal)
        {
            var (code, _, error) = CommandLine.Run("evaluate", "merge", folder["parts"]);
            Assert.True(code == (refusal is null ? 0 : 1), error);
            Assert.Contains(refusal ?? "", error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Parts_are_judged_by_the_classifier_that_lies_beside_them()
    {
        using var folder = new TemporaryFolder();
        string[] names = [.. Enumerable.Range(0, 10).Select(static c => $"class-{c}")];
        Sets.WriteClasses(folder["data"], 4, names);
        // Where the program keeps classifiers is the user's, not a test's: the first part finds one here.
        using (var images = ClassifierImages.Open(folder["data"], heldOut: null))
        {
            using var classifier = ClassifierTraining.Train(images.Data, new ClassifierTrainingOptions { Steps = 1 });
            Directory.CreateDirectory(folder["out"]);
            classifier.Save(folder["out/classifier.safetensors"]);
        }
        Ok("--shard", "0/2");
        Ok("--shard", "1/2");
        var (code, output, error) = CommandLine.Run("evaluate", "merge", folder["out"]);
        Assert.True(code == 0, error);
        Assert.Matches(@"least recognised +samples +recognised", output);
        Assert.Equal(8, EvaluationReport.Load(folder["out"]).Samples.Count);
        Assert.Equal(["index.html", "report.json"], Directory.EnumerateFiles(folder["out"]).Select(Path.GetFileName).Order());

        void Ok(params string[] more)
        {
            var (code, _, error) = CommandLine.Run(["evaluate", "classes", "-m", "tiny", "--data", folder["data"], "--samples", "8", "--classifier-steps", "1", "--training-images", "10", "-o", folder["out"], .. more]);
            Assert.True(code == 0, error);
        }
    }

    [Fact]
    public void Two_ranks_judge_generated_images_and_what_is_wrong_for_both_is_said_once()
    {
        Ranks.SkipWithout();
        using var folder = new TemporaryFolder();
        string[] command = ["evaluate", "generation", "--samples", "9", "--weights", Directory.CreateDirectory(folder["none"]).FullName];
        var (code, output, error) = CommandLine.Run([.. command, "-m", "tiny", "-o", folder["one"]]);
        Assert.True(code == 0, error);
        (code, output, error) = Ranks.Run(2, [.. command, "-m", "tiny", "-o", folder["two"], "--threads", "1"]);
        Assert.True(code == 0, output + error);
        Assert.Single(Lines(output + error, "2 ranks share the images out"));
        Reports.RequireEqual(folder["one"], folder["two"]);
        (code, output, error) = Ranks.Run(2, [.. command, "-m", folder["nowhere"], "-o", folder["no"]]);
        Assert.Equal(1, code);
        Assert.Single(Lines(output + error, "nowhere"));

        static IEnumerable<string> Lines(string text, string part) => text.Split('\n').Where(l => l.Contains("hita: ", StringComparison.Ordinal) && l.Contains(part, StringComparison.Ordinal));
    }

    [Fact]
    public void A_probe_in_parts_is_merged_by_another_command_than_its_own()
    {
        using var folder = new TemporaryFolder();
        Sets.WriteClasses(folder["data"], 50, "ant", "bee");
        foreach (var part in (string[])["0/2", "1/2"])
        {
            var (code, _, error) = CommandLine.Run("probe", folder["data"], "-m", "tiny", "-o", folder["out"], "--shard", part);
            Assert.True(code == 0, error);
        }
        var (merged, output, fault) = CommandLine.Run("evaluate", "merge", folder["out"]);
        Assert.True(merged == 0, fault);
        Assert.Contains("holistic", output, StringComparison.Ordinal);
    }

    [Theory]
    [Trait("Category", "Slow")]
    [InlineData("generation", "-m", "tiny", "--samples", "12", "--reference", "materials:0:0..12", "--weights", "by-name")]
    [InlineData("classes", "-m", "tiny", "--samples", "12", "--data", "DATA", "--classifier-steps", "2", "--training-images", "20")]
    [InlineData("features", "materials:0:0..9", "materials:1:0..11")]
    [InlineData("probe", "DATA", "-m", "tiny")]
    public void Ranks_share_out_every_evaluation(string kind, params string[] arguments)
    {
        Ranks.SkipWithout();
        if (kind == "features")
            ResNet18File.Path();
        using var folder = new TemporaryFolder();
        Sets.WriteClasses(folder["data"], 11, [.. Enumerable.Range(0, 10).Select(static c => $"class-{c}")]);
        var cache = new Dictionary<string, string> { ["HITA_CACHE"] = folder["cache"] };
        string[] command = [.. kind == "probe" ? (string[])["probe"] : ["evaluate", kind], .. arguments.Select(a => a == "DATA" ? folder["data"] : a), "--threads", "1", "--rank-timeout", "600", "-o"];
        foreach (var ranks in (int[])[0, 1, 2, 4])
            Run(ranks, [.. command, folder[$"{ranks}"]]);
        for (var i = 0; i < 3; i++)
            Run(0, [.. command, folder["parts"], "--shard", $"{i}/3"]);
        Run(0, ["evaluate", "merge", folder["parts"]]);
        foreach (var other in (string[])["1", "2", "4", "parts"])
            Reports.RequireEqual(folder["0"], folder[other]);

        void Run(int ranks, string[] words)
        {
            var (code, output, error) = Ranks.Run(ranks, cache, words);
            Assert.True(code == 0, output + error);
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
