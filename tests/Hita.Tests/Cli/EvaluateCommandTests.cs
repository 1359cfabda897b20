using System.Text.Json;
using Hita.Imaging;
using Hita.Metrics.Archives;
using Hita.Tests.Evaluation.Runs;
using Hita.Tests.Support;

namespace Hita.Tests.Cli;

/// <summary>The commands that measure, as a user runs them.</summary>
public sealed class EvaluateCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Reconstructions_are_measured_compared_and_refused_across_protocols()
    {
        var photos = Photos(8, classes: 1);
        // A folder without weights: the developer's own must not be used by a test.
        var output = Ok("evaluate", "reconstruction", photos, "-m", "tiny", "-o", _folder["a"], "--json", "--weights", Empty());
        using (var json = JsonDocument.Parse(output))
        {
            Assert.Equal("hita-evaluation", json.RootElement.GetProperty("type").GetString());
            Assert.Equal(8, json.RootElement.GetProperty("samples").GetProperty("count").GetInt32());
        }
        Assert.True(File.Exists(_folder["a/index.html"]));
        var text = Ok("evaluate", "reconstruction", photos, "-m", "tiny-ultra", "-o", _folder["b"], "--weights", Empty());
        Assert.Matches(@"(?m)^PSNR +\d+\.\d\d ± \d+\.\d\d dB", text);
        Assert.Contains("not measured: LPIPS", text, StringComparison.Ordinal);
        var compared = Ok("compare", _folder["a"], _folder["b"]);
        Assert.Contains("*", compared, StringComparison.Ordinal);
        Ok("evaluate", "reconstruction", photos, "-m", "tiny", "-o", _folder["c"], "--protocol", "adm", "--weights", Empty());
        var (code, _, error) = CommandLine.Run("compare", _folder["a"], _folder["c"]);
        Assert.Equal(1, code);
        Assert.Contains("one follows the protocol 'hita', the other 'adm'", error, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unreadable_image_is_left_out_and_named_and_too_many_are_an_error()
    {
        var photos = Photos(8, classes: 1);
        File.WriteAllText(Path.Combine(photos, "003-broken.png"), "not an image");
        var (code, output, error) = CommandLine.Run("evaluate", "reconstruction", photos, "-m", "tiny", "-o", _folder["out"], "--json", "--weights", Empty());
        Assert.Equal(0, code);
        Assert.Matches(@"hita: 1 image could not be read and was left out; the first: .*003-broken\.png: ", error);
        using (var json = JsonDocument.Parse(output))
        {
            Assert.Equal(8, json.RootElement.GetProperty("samples").GetProperty("count").GetInt32());
            Assert.Equal("64×64", json.RootElement.GetProperty("samples").GetProperty("size").GetString());
            Assert.Equal(1, json.RootElement.GetProperty("unreadable").GetProperty("count").GetInt32());
            Assert.Contains("003-broken.png", json.RootElement.GetProperty("unreadable").GetProperty("first")[0].GetString(), StringComparison.Ordinal);
        }
        Assert.Contains("003-broken.png", File.ReadAllText(_folder["out/index.html"]), StringComparison.Ordinal);

        for (var i = 0; i < 9; i++)
            File.WriteAllText(Path.Combine(photos, $"9{i}-broken.png"), "not an image");
        foreach (var arguments in (string[][])
        [
            ["evaluate", "reconstruction", photos, "-m", "tiny", "-o", _folder["many"], "--weights", Empty()],
            ["tokenize", photos, "-m", "tiny", "-o", _folder["cache"]],
            ["encode", photos, "-m", "tiny", "-o", _folder["codes.hita"]],
            ["reconstruct", photos, "-m", "tiny", "-o", _folder["pairs"]],
        ])
        {
            (code, _, error) = CommandLine.Run(arguments);
            Assert.Equal(1, code);
            Assert.Matches(@"10 of 18 images cannot be read, more than the 10\s?% allowed; ""hita data check"" names them all, the first is .*broken\.png: ", error);
        }
    }

    [Fact]
    public void Samples_of_a_pipeline_are_sampled_and_an_archive_is_read_without_weights()
    {
        var generated = Ok("evaluate", "generation", "-m", "tiny", "--samples", "12", "-o", _folder["g"], "--weights", Empty(), "--cfg-scale", "2");
        Assert.Contains("patch codebook used", generated, StringComparison.Ordinal);
        Assert.Contains("torch-fidelity", generated, StringComparison.Ordinal);
        using (var writer = new ImageArchiveWriter(_folder["samples.npz"], 5, 16, 16))
        {
            for (var i = 0; i < 5; i++)
                writer.Add(new Image(16, 16));
            writer.Complete();
        }
        var archive = Ok("evaluate", "archive", _folder["samples.npz"], _folder["samples.npz"], "-o", _folder["n"], "--weights", Empty(), "--protocol", "hita");
        Assert.Contains("not measured", archive, StringComparison.Ordinal);
    }

    [Fact]
    public void A_probe_prints_the_accuracy_of_each_kind_of_feature()
    {
        var output = Ok("probe", Photos(100, classes: 2), "-m", "tiny", "-o", _folder["p"]);
        Assert.Matches(@"(?m)^linear probe, holistic features +\d+\.\d %", output);
        Assert.Matches(@"(?m)^chance +50\.0 %", output);
    }

    [Theory]
    [InlineData(2, "--protocol", "evaluate", "reconstruction", "x", "-m", "tiny", "-o", "OUT", "--protocol", "mine")]
    [InlineData(2, "--samples", "evaluate", "generation", "-m", "tiny", "-o", "OUT", "--samples", "1")]
    [InlineData(1, "nowhere", "evaluate", "reconstruction", "nowhere", "-m", "tiny", "-o", "OUT")]
    [InlineData(1, "nowhere.npz", "evaluate", "archive", "nowhere.npz", "nowhere.npz", "-o", "OUT")]
    [InlineData(1, "'tiny' was not trained on the built-in set; name the data that it was trained on with --data", "evaluate", "classes", "-m", "tiny", "-o", "OUT")]
    [InlineData(1, "'orchard' was not trained on the built-in set; name the data that it was trained on with --data", "evaluate", "classes", "-o", "OUT")]
    [InlineData(1, "name the data that it was trained on with --data", "evaluate", "classes", "--data", "materials", "-o", "OUT")]
    [InlineData(1, "two reports or more", "compare", "SELF")]
    [InlineData(1, "report.json", "compare", "nowhere", "nowhere")]
    public void Impossible_requests_get_one_sentence_and_their_exit_code(int expected, string reason, params string[] arguments)
    {
        if (arguments.Contains("SELF"))
            Ok("evaluate", "generation", "-m", "tiny", "--samples", "2", "-o", _folder["self"], "--weights", Empty());
        var (code, _, error) = CommandLine.Run([.. arguments.Select(a => a is "OUT" or "SELF" ? _folder[a == "OUT" ? "out" : "self"] : a)]);
        Assert.Equal(expected, code);
        Assert.Contains(reason, error, StringComparison.Ordinal);
        Assert.Single(error.Trim().Split('\n'));
    }

    [Fact]
    public void A_generator_of_the_built_in_set_needs_no_data()
    {
        // It gets as far as what takes long, which is cancelled.
        var (code, _, error) = CommandLine.Run(new CancellationToken(canceled: true), "evaluate", "classes", "-m", "materials", "-o", _folder["out"]);
        Assert.True(code == 130, error);
        Assert.DoesNotContain("--data", error, StringComparison.Ordinal);
    }

    private string Empty()
    {
        var path = _folder["no-weights"];
        Directory.CreateDirectory(path);
        return path;
    }

    private string Photos(int count, int classes)
    {
        using var source = new ColourSource(count, classes);
        for (var i = 0; i < count; i++)
        {
            var folder = Directory.CreateDirectory(_folder[classes > 1 ? $"photos/class-{source.ClassAt(i)}" : "photos"]).FullName;
            ImageWriter.Write(source.Read(i), Path.Combine(folder, $"{i:000}.png"));
        }
        return _folder["photos"];
    }

    private static string Ok(params string[] arguments)
    {
        var (code, output, error) = CommandLine.Run(arguments);
        Assert.True(code == 0, error);
        return output;
    }
}
