using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Hita.Tests.Support;
using Hita.Training.Runs;

namespace Hita.Tests.Distributed;

/// <summary>What becomes of a run when one of its ranks is lost.</summary>
[Trait("Category", "Slow")]
public sealed class FaultyRankTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Fact]
    public void A_rank_that_is_killed_at_any_instant_stops_the_others_and_loses_no_step()
    {
        using var runs = Begin();
        var random = new Random(1);
        var furthest = 0L;
        for (var kill = 0; kill < 20; kill++)
        {
            using var process = Start(runs, 2, furthest > 0 ? ["--resume"] : []);
            // Beyond the next regular checkpoint, so that the run gets on even where rank 0 is lost each time.
            WaitForStep(process, runs, furthest + 4 + random.Next(3));
            Thread.Sleep(random.Next(400));
            var victim = random.Next(2);
            Signal(Rank(runs, victim), "KILL");
            var (code, output) = End(process);
            Assert.NotEqual(0, code);
            Assert.Contains($"Rank {victim} (host ", output, StringComparison.Ordinal);
            Assert.Contains("has ended without a word. The newest checkpoint is that of step ", output, StringComparison.Ordinal);
            var store = new CheckpointStore(runs["run/checkpoints"]);
            var newest = store.Steps[^1];
            Assert.Equal(newest, store.Read(newest).Step);
            Assert.True(newest > furthest, $"from step {furthest} to {newest} in kill {kill}: {output}");
            // Rank 0 saves what the step at work began with; without it the last regular checkpoint counts.
            Assert.InRange(LastStep(runs) - newest, 0, victim == 0 ? 3 : 0);
            furthest = newest;
        }
    }

    [Fact]
    public void With_a_sharded_optimizer_a_lost_rank_takes_the_steps_since_the_newest_checkpoint_with_it()
    {
        using var runs = Begin(every: 10);
        string[] sharded = ["--set", "distributed.shard_optimizer=true"];
        using (var process = Start(runs, 2, sharded))
        {
            WaitForStep(process, runs, 15);
            Signal(Rank(runs, 1), "KILL");
            var (code, output) = End(process);
            Assert.NotEqual(0, code);
            var store = new CheckpointStore(runs["run/checkpoints"]);
            var (saved, taken) = (store.Steps[^1], LastStep(runs));
            Assert.Equal(0, saved % 10);
            Assert.Equal(saved, store.Read(saved).Step);
            var lost = taken == saved ? "" : $", and {(taken == saved + 1 ? "the step after it is" : $"the {taken - saved} steps after it are")} lost with its piece of the optimizer's state";
            Assert.Contains($"has ended without a word. The newest checkpoint is that of step {saved} ({store.FolderOf(saved)}){lost}: start the ranks again", output, StringComparison.Ordinal);
        }
        // It goes on from there, and a signal saves all pieces.
        using var resumed = Start(runs, 3, ["--resume", .. sharded]);
        var from = new CheckpointStore(runs["run/checkpoints"]).Steps[^1];
        WaitForStep(resumed, runs, from + 13);
        Signal(Rank(runs, 2), "TERM");
        Assert.Equal(130, End(resumed).Code);
        Assert.Equal(LastStep(runs), new CheckpointStore(runs["run/checkpoints"]).Steps[^1]);
    }

    [Fact]
    public void With_shared_statistics_a_rank_that_is_lost_in_a_backward_pass_leaves_the_step_before_whole()
    {
        // Ranks wait for each other's sums in the forward and in the backward pass, out of which no exception may come.
        using var runs = Begin(every: 100_000);
        string[] shared = ["--set", "distributed.sync_batch_norm=true", "--set", "training.discriminator.start_step=1"];
        var random = new Random(2);
        for (var (kill, furthest) = (0, 0L); kill < 8; kill++)
        {
            using var process = Ranks.Start(2, new Dictionary<string, string>(), runs.Arguments("tokenizer", "run", [.. shared, .. furthest > 0 ? (string[])["--resume"] : []]));
            WaitForStep(process, runs, furthest + 2);
            Thread.Sleep(random.Next(400));
            Signal(Rank(runs, 1), "KILL");
            var (code, output) = End(process);
            Assert.NotEqual(0, code);
            Assert.Contains("has ended without a word. The newest checkpoint is that of step ", output, StringComparison.Ordinal);
            furthest = new CheckpointStore(runs["run/checkpoints"]).Steps[^1];
            Assert.Equal(LastStep(runs), furthest);
        }
    }

    [Fact]
    public void A_frozen_rank_is_named_after_its_time_is_over()
    {
        using var runs = Begin();
        using var process = Start(runs, 3, ["--rank-timeout", "3"]);
        WaitForStep(process, runs, 3);
        Signal(Rank(runs, 1), "STOP");
        var (code, output) = End(process);
        Assert.NotEqual(0, code);
        Assert.Matches(@"hita: Rank 1 \(host [^)]+\) has not answered for 3 seconds\. The newest checkpoint is that of step \d+ \(", output);
    }

    [Fact]
    public void A_signal_to_any_rank_saves_and_stops_all()
    {
        using var runs = Begin(every: 100_000);
        using var process = Start(runs, 2, []);
        WaitForStep(process, runs, 3);
        Signal(Rank(runs, 1), "TERM");
        var (code, output) = End(process);
        Assert.Equal(130, code);
        Assert.Contains("'--resume -o ", output, StringComparison.Ordinal);
        Assert.Equal([LastStep(runs)], new CheckpointStore(runs["run/checkpoints"]).Steps);
    }

    [Fact]
    public void A_full_disk_is_told_once_and_earlier_checkpoints_are_whole()
    {
        Ranks.SkipWithout();
        using var disk = new SmallDisk(8 << 20);
        using var runs = Begin(every: 4);
        using var process = Ranks.Start(2, new Dictionary<string, string>(), ["train", "tokenizer", runs["tokenizer.yaml"], "-o", disk["run"], "--threads", "1", "--set", "training.discriminator=null"]);
        WaitFor(process, () => Directory.Exists(disk["run/model"]));
        Fill(disk["ballast"]);
        var (code, output) = End(process);
        Assert.NotEqual(0, code);
        Assert.Single(output.Split('\n'), static l => l.StartsWith("hita: ", StringComparison.Ordinal) && l.Contains("free some space", StringComparison.Ordinal));
        var store = new CheckpointStore(disk["run/checkpoints"]);
        Assert.Equal(store.Steps[^1], store.Read(store.Steps[^1]).Step);
    }

    private static RankedRuns Begin(long every = 3)
    {
        Ranks.SkipWithout();
        Assert.SkipUnless(OperatingSystem.IsLinux(), "ranks are found by /proc");
        return new RankedRuns(steps: 100_000, every);
    }

    // Without a discriminator a step takes no time worth waiting for.
    private static Process Start(RankedRuns runs, int ranks, string[] more) => Ranks.Start(
        ranks, new Dictionary<string, string>(), runs.Arguments("tokenizer", "run", ["--set", "training.discriminator=null", "--set", "schedule.batch_size=12", .. more, "--set", "schedule.accumulation=6"]));

    private static int Rank(RankedRuns runs, int rank)
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc").Where(static f => int.TryParse(Path.GetFileName(f), CultureInfo.InvariantCulture, out _)))
        {
            try
            {
                var line = File.ReadAllText(Path.Combine(folder, "cmdline")).Split('\0');
                if (Path.GetFileName(line[0]) == "dotnet" && line.Contains(runs["run"]) && File.ReadAllText(Path.Combine(folder, "environ")).Split('\0').Contains($"OMPI_COMM_WORLD_RANK={rank}"))
                    return int.Parse(Path.GetFileName(folder), CultureInfo.InvariantCulture);
            }
            catch (IOException)
            {
                // It has ended meanwhile.
            }
        }
        throw new InvalidOperationException($"rank {rank} is not there");
    }

    private static void Signal(int process, string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", process.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    private static (int Code, string Output) End(Process process)
    {
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEndAsync();
        if (!process.WaitForExit(Patience))
            process.Kill(entireProcessTree: true);
        return (process.ExitCode, (output.GetAwaiter().GetResult() + error.GetAwaiter().GetResult()).Replace("\r", "", StringComparison.Ordinal));
    }

    private static void WaitForStep(Process process, RankedRuns runs, long step) => WaitFor(process, () => LastStep(runs) >= step);

    private static void WaitFor(Process process, Func<bool> there)
    {
        for (var watch = Stopwatch.StartNew(); watch.Elapsed < Patience && !process.HasExited; Thread.Sleep(20))
        {
            if (there())
                return;
        }
        Assert.Fail(process.HasExited ? $"the training ended: {End(process).Output}" : "the step did not come");
    }

    private static long LastStep(RankedRuns runs)
    {
        var path = runs["run/metrics.jsonl"];
        if (!File.Exists(path))
            return 0;
        using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        var lines = reader.ReadToEnd().Split('\n');
        return lines.Length < 2 ? 0 : JsonDocument.Parse(lines[^2]).RootElement.GetProperty("step").GetInt64();
    }

    private static void Fill(string path)
    {
        using var file = File.Create(path);
        var block = new byte[1 << 14];
        try
        {
            while (true)
                file.Write(block);
        }
        catch (IOException)
        {
            // Full.
        }
    }
}
