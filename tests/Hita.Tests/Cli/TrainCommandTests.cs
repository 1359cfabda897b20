using System.Text.Json;
using Hita.Tests.Support;
using Hita.Tests.Training.Runs;
using Hita.Training.Runs;

namespace Hita.Tests.Cli;

public sealed class TrainCommandTests
{
    [Fact]
    public void Images_become_a_tokenizer_codes_a_generator_and_new_images()
    {
        using var folder = new TemporaryFolder();
        TinyRuns.WriteImages(folder["data"]);
        File.WriteAllText(folder["tokenizer.yaml"], TinyRuns.Tokenizer(folder["data"], 2).Write());
        File.WriteAllText(folder["generator.yaml"], TinyRuns.Generator("nowhere", "nowhere", 2).Write());

        var (code, output, error) = CommandLine.Run("train", "tokenizer", folder["tokenizer.yaml"], "-o", folder["tokenizer"]);
        Assert.Equal((0, $"{folder["tokenizer/model"]}: the trained tokenizer{Environment.NewLine}"), (code, output));
        Assert.Contains("step 2 of 2, ", error, StringComparison.Ordinal);
        Assert.Contains("images/s, ", error, StringComparison.Ordinal);
        Assert.Contains("validation_psnr ", error, StringComparison.Ordinal);

        (code, output, error) = CommandLine.Run("tokenize", folder["data"], "-m", folder["tokenizer/model"], "-o", folder["codes"], "--augment", "flip", "--json");
        Assert.True(code == 0, error);
        var report = JsonDocument.Parse(output).RootElement;
        Assert.Equal((18, 2), (report.GetProperty("images").GetInt32(), report.GetProperty("variants").GetInt32()));

        (code, _, error) = CommandLine.Run(
            "train", "generator", folder["generator.yaml"], "-o", folder["generator"], "--set", $"data.source={folder["codes"]}", "--set", $"tokenizer={folder["tokenizer"]}");
        Assert.True(code == 0, error);
        Assert.Contains("tokens/s", error, StringComparison.Ordinal);

        (code, output, error) = CommandLine.Run(
            "generate", "--generator", folder["generator/model"], "--tokenizer", folder["tokenizer/model"], "--class", "bee", "-o", folder["out"]);
        Assert.True(code == 0, error);
        Assert.Contains("bee", output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_stops_when_told_and_resumes_by_its_folder_alone()
    {
        using var folder = new TemporaryFolder();
        TinyRuns.WriteImages(folder["data"]);
        File.WriteAllText(folder["a.yaml"], TinyRuns.Tokenizer(folder["data"], 3).Write());
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        var (code, _, error) = CommandLine.Run(stop.Token, "train", "tokenizer", folder["a.yaml"], "-o", folder["run"]);
        Assert.Equal(130, code);
        Assert.Contains($"'--resume -o {folder["run"]}' continues this run", error, StringComparison.Ordinal);

        (code, _, error) = CommandLine.Run("train", "tokenizer", folder["a.yaml"], "-o", folder["run"]);
        Assert.Equal(1, code);
        Assert.Contains("--resume continues it", error, StringComparison.Ordinal);

        (code, _, error) = CommandLine.Run("train", "tokenizer", "--resume", "-o", folder["run"], "--set", "checkpoints.keep=1");
        Assert.True(code == 0, error);
        using (var run = RunFolder.Open(folder["run"], RunStart.Resume))
            Assert.Contains(3, run.Checkpoints.Steps);

        File.Delete(folder["run/checkpoints/step-00000003/state.json"]);
        (code, _, error) = CommandLine.Run("train", "tokenizer", "--resume", "-o", folder["run"]);
        Assert.Equal(1, code);
        Assert.Contains($"{folder["run"]}: the run cannot be resumed, because its only checkpoint is damaged (step 3, state.json: the file is missing); put back a copy of it, or begin a new run from its model with --init-from {folder["run/model"]}.", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("train tokenizer", "Name the recipe")]
    [InlineData("train tokenizer nothing.yaml", "nothing.yaml: the recipe cannot be read")]
    [InlineData("train tokenizer --resume -o nowhere", "nowhere: there is no run here to resume")]
    [InlineData("tokenize nowhere -m tiny -o out --augment ten-crop --ten-crop-scales 9", "--ten-crop-scales is '9'")]
    public void What_is_missing_is_said_in_a_sentence(string line, string part)
    {
        var (code, _, error) = CommandLine.Run(line.Split(' '));
        Assert.Equal(1, code);
        Assert.StartsWith("hita: ", error, StringComparison.Ordinal);
        Assert.Contains(part, error, StringComparison.Ordinal);
        Assert.Single(error.Trim().Split('\n'));
    }
}
