using System.Text.Json;
using Hita.Runtime;
using Hita.Tests.Support;
using Hita.Training.Runs;

namespace Hita.Tests.Training.Runs;

public sealed class TrainingLoopTests
{
    private static readonly RunPlan Plan = new() { Steps = 10, StepsPerEpoch = 4, ImagesPerStep = 8, SaveEvery = 4, Keep = 1, Seed = 5, Images = 32, Data = "made up" };

    [Fact]
    public void A_run_leaves_metrics_events_samples_checkpoints_and_a_model()
    {
        using var folder = new TemporaryFolder();
        Train(folder.Path, Plan with { ValidateEvery = 4, SampleEvery = 5 }, Steady, new MadeUpTask(static n => n));
        var lines = Metrics(folder.Path);
        Assert.Equal(Enumerable.Range(1, 10).Select(i => (long)i), lines.Select(l => l.GetProperty("step").GetInt64()));
        Assert.Equal(80, lines[^1].GetProperty("images").GetInt64());
        Assert.Equal(2.5, lines[^1].GetProperty("epoch").GetDouble());
        Assert.Equal(0.25, lines[^1].GetProperty("wait_seconds").GetDouble());
        Assert.Equal([4, 8, 10], lines.Where(l => l.TryGetProperty("validation_loss", out _)).Select(l => l.GetProperty("step").GetInt64()));
        Assert.Equal(["samples-00000005.png", "samples-00000010.png"], Directory.EnumerateFiles(folder["samples"]).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.True(new FileInfo(Assert.Single(Directory.EnumerateFiles(folder["events"]))).Length > 500);
        Assert.True(File.Exists(folder["model/config.json"]));
        // The best by validation is the first; the last is saved although no cadence asks for it.
        using var run = RunFolder.Open(folder.Path, RunStart.Resume);
        Assert.Equal([4, 10], run.Checkpoints.Steps);
        var state = run.Checkpoints.Read(10);
        Assert.Equal((2L, 2L, 5UL, 32L), (state.Epoch, state.StepInEpoch, state.Seed, state.Images));
    }

    [Fact]
    public void A_step_that_is_not_finite_is_counted_and_told_once()
    {
        using var folder = new TemporaryFolder();
        var listener = new Listener();
        var trainer = Train(folder.Path, Plan, static n => [new("loss", n is 3 or 4 or 7 ? double.NaN : 1), new("norm", n == 4 ? double.PositiveInfinity : 1)], new MadeUpTask(), listener);
        Assert.Equal([7f, 7f, 7f], trainer);
        Assert.Equal(["Step 3 was skipped, because values were not finite: loss.", "Step 7 was skipped, because values were not finite: loss."], listener.Notes);
        var lines = Metrics(folder.Path);
        Assert.Equal(JsonValueKind.Null, lines[2].GetProperty("loss").ValueKind);
        Assert.True(lines[2].GetProperty("skipped").GetBoolean());
        Assert.False(lines[4].TryGetProperty("skipped", out _));
        using var run = RunFolder.Open(folder.Path, RunStart.Resume);
        Assert.Equal(3, run.Checkpoints.Read(10).SkippedSteps);
    }

    [Fact]
    public void Too_many_of_them_in_a_row_stop_the_run_and_save_nothing()
    {
        using var folder = new TemporaryFolder();
        var thrown = Assert.Throws<HitaException>(() => Train(folder.Path, Plan with { MaxSkipped = 2 }, static n => [new("loss", n > 5 ? double.NaN : 1)], new MadeUpTask()));
        Assert.Equal("Training stopped at step 8: 3 steps in a row gave values that are not finite (loss); resume from the last checkpoint with a lower learning rate.", thrown.Message);
        using var run = RunFolder.Open(folder.Path, RunStart.Resume);
        Assert.Equal([4], run.Checkpoints.Steps);
    }

    [Fact]
    public void A_codebook_that_falls_out_of_use_is_told_once_a_fall()
    {
        using var folder = new TemporaryFolder();
        var listener = new Listener();
        var plan = Plan with { Steps = 240, SaveEvery = 1000, UsageThreshold = 0.5 };
        Train(folder.Path, plan, static n => [new("patch_usage", n is < 210 or (> 220 and < 230) ? 0.9 : 0.4)], new MadeUpTask(), listener);
        Assert.Equal(2, listener.Notes.Count);
        Assert.Equal("At step 210 patch_usage is 40 %, under the threshold of 50 %: the codebook is falling out of use.", listener.Notes[0]);
    }

    [Fact]
    public void A_run_that_is_told_to_stop_saves_and_goes_on_from_there()
    {
        using var folder = new TemporaryFolder();
        using var source = new CancellationTokenSource();
        var listener = new Stopping(6, source);
        Assert.Throws<OperationCanceledException>(() => Train(folder.Path, Plan, Steady, new MadeUpTask(), listener, cancellation: source.Token));
        CheckpointState state;
        using (var run = RunFolder.Open(folder.Path, RunStart.Resume))
        {
            Assert.Equal([6], run.Checkpoints.Steps);
            state = run.Checkpoints.Read(6);
        }
        // A kill later on left steps in the log that the run is going to repeat, the last of them cut short.
        File.AppendAllText(folder["metrics.jsonl"], "{\"step\":7,\"loss\":99}\n{\"step\":8,\"lo");
        Train(folder.Path, Plan, Steady, new MadeUpTask(), from: state);
        var lines = Metrics(folder.Path);
        Assert.Equal(10, lines.Count);
        Assert.Equal(1, lines[6].GetProperty("loss").GetDouble());
    }

    [Fact]
    public void Data_that_break_cost_no_step_that_was_taken()
    {
        using var folder = new TemporaryFolder();
        using var run = RunFolder.Open(folder.Path, RunStart.New);
        using var trainer = new MadeUpTrainer(Steady);
        using var feed = new MadeUpFeed(breaksAt: 7);
        Assert.Throws<DataException>(() => new TrainingLoop<long>(run, trainer, feed, new MadeUpTask(), Plan).Run());
        Assert.Equal([6], run.Checkpoints.Steps);
        Assert.Equal(6, Metrics(folder.Path).Count);
    }

    [Fact]
    public void Waiting_and_rates_leave_the_first_steps_out()
    {
        var time = new ManualClock();
        var clock = new StepClock(time);
        (double Step, double MeanStep, double MeanWait) last = default;
        foreach (var seconds in (int[])[60, 30, 2, 4])
        {
            clock.Start();
            time.Advance(TimeSpan.FromSeconds(seconds));
            last = clock.Stop(1);
        }
        Assert.Equal((4, 3, 1), last);
    }

    private static IReadOnlyList<KeyValuePair<string, double>> Steady(long number) => [new("loss", 1)];

    private static float[] Train(
        string folder,
        RunPlan plan,
        Func<long, IReadOnlyList<KeyValuePair<string, double>>> measure,
        MadeUpTask task,
        ITrainingObserver? observer = null,
        CheckpointState? from = null,
        CancellationToken cancellation = default)
    {
        using var run = RunFolder.Open(folder, from is null ? RunStart.New : RunStart.Resume);
        File.WriteAllText(run[RunFolder.RecipeName], "seed: 1\n");
        using var trainer = new MadeUpTrainer(measure);
        using var feed = new MadeUpFeed(from?.Step ?? 0);
        new TrainingLoop<long>(run, trainer, feed, task, plan, from, observer).Run(cancellation);
        return trainer.Count.ToFloats();
    }

    private static List<JsonElement> Metrics(string folder) =>
        [.. File.ReadLines(Path.Combine(folder, "metrics.jsonl")).Select(static l => JsonDocument.Parse(l).RootElement)];

    private sealed class Stopping(long step, CancellationTokenSource source) : Listener
    {
        public override void Stepped(StepRecord record)
        {
            base.Stepped(record);
            if (record.Step == step)
                source.Cancel();
        }
    }
}
