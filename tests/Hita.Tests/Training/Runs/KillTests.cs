using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Hita.Tests.Support;
using Hita.Tokenization;
using Hita.Training;
using Hita.Training.Recipes;
using Hita.Training.Runs;

namespace Hita.Tests.Training.Runs;

/// <summary>Runs in processes of their own that are killed or told to stop.</summary>
[Trait("Category", "Slow")]
public sealed class KillTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Fact]
    public void Ten_steps_a_kill_and_ten_more_are_twenty_steps()
    {
        using var folder = new TemporaryFolder();
        TinyRuns.WriteImages(folder["data"]);
        foreach (var stage in (string[])["tokenizer", "generator"])
        {
            WriteRecipe(folder, stage, steps: 20, every: 10);
            var run = folder[$"{stage}-run"];
            using (var straight = Train(folder, stage, folder[$"{stage}-straight"]))
                RequireEnd(straight, 0);
            using (var killed = Train(folder, stage, run))
            {
                WaitForStep(killed, run, 12);
                killed.Kill();
                killed.WaitForExit();
            }
            Assert.Equal([10], Store(run).Steps);
            using (var resumed = Train(folder, stage, run, "--resume"))
                RequireEnd(resumed, 0);
            TinyRuns.RequireEqual(run, folder[$"{stage}-straight"], 20);
            Assert.Equal(20, File.ReadLines(Path.Combine(run, "metrics.jsonl")).Count());
            // The generator learns from what the tokenizer's run left.
            Assert.True(File.Exists(Path.Combine(run, "model", "model.safetensors")));
        }
    }

    [Fact]
    public void A_termination_signal_saves_the_step_at_work_and_exits_with_130()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "there are no such signals");
        using var folder = new TemporaryFolder();
        TinyRuns.WriteImages(folder["data"]);
        WriteRecipe(folder, "tokenizer", steps: 100_000, every: 100_000);
        using var process = Train(folder, "tokenizer", folder["run"]);
        WaitForStep(process, folder["run"], 3);
        using (var signal = Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)]))
            signal.WaitForExit();
        RequireEnd(process, 130);
        var last = JsonDocument.Parse(File.ReadLines(folder["run/metrics.jsonl"]).Last()).RootElement.GetProperty("step").GetInt64();
        Assert.Equal([last], Store(folder["run"]).Steps);
    }

    [Fact]
    public void Fifty_kills_at_any_instant_leave_a_run_that_can_be_read()
    {
        using var folder = new TemporaryFolder();
        TinyRuns.WriteImages(folder["data"]);
        // A save after every step, and short ones: most instants lie in one, and yet the run gets on.
        WriteRecipe(folder, "tokenizer", steps: 100_000, every: 1, discriminator: false);
        var run = folder["run"];
        var random = new Random(1);
        var furthest = 0L;
        for (var kill = 0; kill < 50; kill++)
        {
            var from = furthest;
            using (var process = RunFolder.IsRun(run) ? Train(folder, "tokenizer", run, "--resume") : Train(folder, "tokenizer", run))
            {
                // Every tenth kill may come before the first step.
                if (kill % 10 != 0)
                    WaitForStep(process, run, from + 1 + random.Next(3));
                Thread.Sleep(random.Next(kill % 10 == 0 ? 2000 : 400));
                process.Kill();
                process.WaitForExit();
            }
            if (RunFolder.IsRun(run))
                furthest = Math.Max(furthest, Check(run, furthest));
        }
        Assert.True(furthest > 20, $"the run came to step {furthest} only");
    }

    // Read as it lies there, before anything is cleaned up.
    private static long Check(string run, long furthest)
    {
        var store = Store(run);
        foreach (var step in store.Steps)
            Assert.Equal(step, store.Read(step).Step);
        var newest = store.Steps is [.., var last] ? last : 0;
        Assert.True(newest >= furthest, $"step {furthest} was saved, and {newest} is the newest now");
        var recipe = TokenizerRecipe.Load(Path.Combine(run, RunFolder.RecipeName));
        if (newest > 0)
        {
            using var stage = TokenizerTrainer.Create(recipe.Model.Architecture, recipe.Training, recipe.Seed);
            store.Load(newest, stage.State);
        }
        using (RunFolder.Open(run, RunStart.Resume))
        {
            // The model is replaced by two renames; opening the run mends what lies between them.
            if (Directory.Exists(Path.Combine(run, "model")))
                ImageTokenizer.Load(Path.Combine(run, "model")).Dispose();
        }
        return newest;
    }

    private static CheckpointStore Store(string run) => new(Path.Combine(run, CheckpointStore.FolderName));

    private static void WriteRecipe(TemporaryFolder folder, string stage, long steps, long every, bool discriminator = true)
    {
        var checkpoints = new CheckpointSection { Every = every };
        var tokenizer = TinyRuns.Tokenizer(folder["data"], steps) with { Checkpoints = checkpoints, Validation = new ValidationSection { Count = 3, Every = 5 } };
        if (!discriminator)
            tokenizer = tokenizer with { Training = tokenizer.Training with { Discriminator = null } };
        var text = stage == "tokenizer"
            ? tokenizer.Write()
            : (TinyRuns.Generator(folder["data"], folder["tokenizer-run"], steps) with { Checkpoints = checkpoints }).Write();
        File.WriteAllText(folder[$"{stage}.yaml"], text);
    }

    private static Process Train(TemporaryFolder folder, string stage, string run, params string[] more)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        foreach (var argument in (string[])[Path.Combine(AppContext.BaseDirectory, "Hita.Cli.dll"), "train", stage, folder[$"{stage}.yaml"], "-o", run, "--threads", "1", .. more])
            start.ArgumentList.Add(argument);
        var process = Process.Start(start)!;
        process.OutputDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        return process;
    }

    private static void RequireEnd(Process process, int code)
    {
        var error = process.StandardError.ReadToEnd();
        Assert.True(process.WaitForExit(Patience), "the training did not end");
        Assert.True(process.ExitCode == code, $"exit code {process.ExitCode}: {error}");
    }

    private static void WaitForStep(Process process, string run, long step)
    {
        var path = Path.Combine(run, "metrics.jsonl");
        for (var watch = Stopwatch.StartNew(); watch.Elapsed < Patience && !process.HasExited; Thread.Sleep(5))
        {
            if (File.Exists(path) && LastStep(path) >= step)
                return;
        }
        Assert.Fail(process.HasExited ? $"the training ended: {process.StandardError.ReadToEnd()}" : $"step {step} did not come");
    }

    private static long LastStep(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(stream);
        var lines = reader.ReadToEnd().Split('\n');
        return lines.Length < 2 ? 0 : JsonDocument.Parse(lines[^2]).RootElement.GetProperty("step").GetInt64();
    }
}
