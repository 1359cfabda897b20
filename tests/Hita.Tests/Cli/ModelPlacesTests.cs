using System.Text.Json;
using Hita.Generation;
using Hita.Imaging;
using Hita.Models;
using Hita.Runtime;
using Hita.Tests.Editing;
using Hita.Tests.Support;
using Hita.Tokenization;

namespace Hita.Tests.Cli;

/// <summary>A model folder, a pipeline, a training run or a pair is accepted wherever a model is.</summary>
public sealed class ModelPlacesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public ModelPlacesTests()
    {
        Ok("init", "--preset", "tiny", "-o", _folder["made"], "--weights-by-name");
        Directory.CreateDirectory(_folder["runs/tok"]);
        Directory.CreateDirectory(_folder["runs/gen"]);
        Directory.Move(_folder["made/tokenizer"], _folder["runs/tok/model"]);
        Directory.Move(_folder["made/generator"], _folder["runs/gen/model"]);
        File.WriteAllText(_folder["runs/tok/recipe.yaml"], "model:\n  preset: tiny\n");
        File.WriteAllText(_folder["runs/gen/recipe.yaml"], $"model:\n  preset: tiny\ntokenizer: {JsonSerializer.Serialize(_folder["runs/tok"])}\n");
        ImageWriter.Write(EditingModels.Photo(64, 64, 1), _folder["photo.png"]);
    }

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string> Ways() =>
        ["-m|RUNS/gen", "-m|RUNS/gen/model", "--generator|RUNS/gen", "--generator|RUNS/gen/model|--tokenizer|RUNS/tok", "-m|RUNS/gen|--tokenizer|RUNS/tok/model"];

    [Theory]
    [MemberData(nameof(Ways))]
    public void Every_command_takes_every_way_to_name_a_pipeline(string way)
    {
        string[] models = [.. way.Replace("RUNS", _folder["runs"], StringComparison.Ordinal).Split('|')];
        Ok(["generate", "--class", "3", "-o", _folder["out"], .. models]);
        Ok(["inpaint", _folder["photo.png"], "--box", "30,30,20,20", "-o", _folder["i.png"], .. models]);
        Ok(["outpaint", _folder["photo.png"], "--left", "9", "-o", _folder["o.png"], .. models]);
        Ok(["edit-class", _folder["photo.png"], "--box", "30,30,20,20", "--class", "3", "-o", _folder["c.png"], .. models]);
        Ok(["vary", _folder["photo.png"], "--count", "1", "-o", _folder["v"], .. models]);
        Ok(["replay", _folder["out/003-s0-0000.png"], .. models]);
        Directory.CreateDirectory(_folder["empty"]);
        Ok(["evaluate", "generation", "--samples", "2", "-o", _folder["e"], "--weights", _folder["empty"], .. models]);
    }

    [Theory]
    [InlineData("runs/tok")]
    [InlineData("runs/tok/model")]
    [InlineData("runs/gen")]
    [InlineData("runs/gen/model")]
    public void Every_command_takes_a_run_for_its_tokenizer(string place)
    {
        Ok("reconstruct", _folder["photo.png"], "-m", _folder[place], "-o", _folder["rec"]);
        Ok("encode", _folder["photo.png"], "-m", _folder[place], "-o", _folder["codes.hita"]);
        Ok("decode", _folder["codes.hita"], "-m", _folder[place], "-o", _folder["dec"]);
        Ok("style", _folder["photo.png"], _folder["photo.png"], "-m", _folder[place], "-o", _folder["s.png"]);
        Assert.Contains("kind", Ok("inspect", _folder[place], "--brief"), StringComparison.Ordinal);
    }

    [Fact]
    public void The_library_loads_a_run_and_finds_its_tokenizer_where_both_were_moved()
    {
        File.WriteAllText(_folder["runs/gen/recipe.yaml"], "tokenizer: runs/tok\n");
        Directory.Move(_folder["runs"], _folder["elsewhere"]);
        Directory.CreateDirectory(_folder["elsewhere/runs"]);
        Directory.Move(_folder["elsewhere/tok"], _folder["elsewhere/runs/tok"]);
        using (var pipeline = ImagePipeline.Load(_folder["elsewhere/gen"]))
            Assert.Equal(64, pipeline.Width);
        // Two runs under the names of a pipeline's parts are a pipeline.
        Directory.Move(_folder["elsewhere/gen"], _folder["elsewhere/generator"]);
        Directory.Move(_folder["elsewhere/runs/tok"], _folder["elsewhere/tokenizer"]);
        using (var pipeline = ImagePipeline.Load(_folder["elsewhere"]))
            Assert.Equal(64, pipeline.Width);
    }

    [Theory]
    [InlineData("tokenizer: nowhere")]
    [InlineData("tokenizer: \"broken")]
    [InlineData("tokenizer:")]
    [InlineData("other: 1")]
    [InlineData("tokenizer: .")]
    public void A_generator_without_its_tokenizer_says_how_to_name_it(string recipe)
    {
        File.WriteAllText(_folder["runs/gen/recipe.yaml"], recipe + "\n");
        var (code, _, error) = CommandLine.Run("generate", "-m", _folder["runs/gen"], "--class", "3", "-o", _folder["out"]);
        Assert.Equal(1, code);
        Assert.Contains("name the tokenizer too (--tokenizer)", error, StringComparison.Ordinal);
        Assert.Single(error.Trim().Split('\n'));
        Assert.Throws<CheckpointException>(() => TokenizerFolder.Find(_folder["runs/gen/model"]));
        Assert.Equal(_folder["runs/gen/model"], GeneratorFolder.Find(_folder["runs/gen"]));
    }

    [Fact]
    public void Classes_are_listed_by_number_and_name()
    {
        Assert.Matches(@"(?m)^ *9  pear\r?$", Ok("classes"));
        Assert.Matches(@"(?m)^ *17  marble torus\r?$", Ok("classes", "-m", "materials"));
        Assert.Contains("10 classes without names, 0 to 9", Ok("classes", "-m", _folder["runs/gen"]), StringComparison.Ordinal);
        using var json = JsonDocument.Parse(Ok("classes", "-m", "hita-b", "--json"));
        Assert.Equal(1000, json.RootElement.GetArrayLength());
        Assert.Equal("golden retriever", json.RootElement[207].GetProperty("name").GetString());
        Assert.Contains("'hita classes -m", Ok("inspect", "materials", "--brief"), StringComparison.Ordinal);
        using var report = JsonDocument.Parse(Ok("inspect", "materials", "--json"));
        Assert.Contains(report.RootElement.EnumerateArray(), static r => r.GetProperty("classes").ValueKind == JsonValueKind.Array && r.GetProperty("classes")[17].GetString() == "marble torus");
    }

    private static string Ok(params string[] arguments)
    {
        var (code, output, error) = CommandLine.Run(arguments);
        Assert.True(code == 0, error);
        return output;
    }
}
