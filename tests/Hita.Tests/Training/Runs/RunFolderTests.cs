using Hita.Runtime;
using Hita.Tests.Support;
using Hita.Training.Runs;

namespace Hita.Tests.Training.Runs;

public sealed class RunFolderTests
{
    [Fact]
    public void Two_runs_in_one_folder_at_once_are_refused()
    {
        using var folder = new TemporaryFolder();
        using (RunFolder.Open(folder["run"], RunStart.New))
        {
            var thrown = Assert.Throws<HitaException>(() => RunFolder.Open(folder["run"], RunStart.New));
            Assert.Contains("another process is training in this folder", thrown.Message, StringComparison.Ordinal);
        }
        RunFolder.Open(folder["run"], RunStart.New).Dispose();
    }

    [Fact]
    public void The_lock_goes_with_the_run_and_a_folder_that_was_made_for_nothing_too()
    {
        using var folder = new TemporaryFolder();
        using (RunFolder.Open(folder["run"], RunStart.New))
        {
            Assert.True(File.Exists(folder["run/.lock"]));
            // One that is refused takes nothing away from the one at work.
            Assert.Throws<HitaException>(() => RunFolder.Open(folder["run"], RunStart.New));
            Assert.Throws<HitaException>(() => RunFolder.Open(folder["run"], RunStart.New));
            Assert.True(File.Exists(folder["run/.lock"]));
        }
        Assert.False(Directory.Exists(folder["run"]));

        Directory.CreateDirectory(folder["mine"]);
        RunFolder.Open(folder["mine"], RunStart.New).Dispose();
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder["mine"]));

        // What a kill left behind stops nobody.
        File.WriteAllText(folder["mine/.lock"], "");
        using (var run = RunFolder.Open(folder["mine"], RunStart.New))
            File.WriteAllText(run[RunFolder.RecipeName], "seed: 1\n");
        Assert.Equal([RunFolder.RecipeName], Directory.EnumerateFileSystemEntries(folder["mine"]).Select(Path.GetFileName));
    }

    [Fact]
    public void A_run_that_is_there_is_neither_overwritten_nor_made_up()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("no run here to resume", Assert.Throws<HitaException>(() => RunFolder.Open(folder["run"], RunStart.Resume)).Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["run"]));
        using (var run = RunFolder.Open(folder["run"], RunStart.New))
            File.WriteAllText(run[RunFolder.RecipeName], "seed: 1\n");
        Assert.Contains("--resume continues it", Assert.Throws<HitaException>(() => RunFolder.Open(folder["run"], RunStart.New)).Message, StringComparison.Ordinal);
        RunFolder.Open(folder["run"], RunStart.Resume).Dispose();
        File.WriteAllText(folder["notes.txt"], "mine");
        Assert.Contains("'notes.txt'", Assert.Throws<HitaException>(() => RunFolder.Open(folder.Path, RunStart.New)).Message, StringComparison.Ordinal);
        Assert.Contains("this is a file", Assert.Throws<HitaException>(() => RunFolder.Open(folder["notes.txt"], RunStart.New)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_kill_left_half_done_is_removed_and_a_model_between_two_names_comes_back()
    {
        using var folder = new TemporaryFolder();
        using (var run = RunFolder.Open(folder.Path, RunStart.New))
            File.WriteAllText(run[RunFolder.RecipeName], "seed: 1\n");
        Directory.CreateDirectory(folder["checkpoints/.step-00000005.0123456789abcdef0123456789abcdef.tmp"]);
        Directory.CreateDirectory(folder["model.0123456789abcdef0123456789abcdef.tmp"]);
        File.WriteAllText(folder[".recipe.yaml.0123.tmp"], "");
        Directory.CreateDirectory(folder[".model.0123456789abcdef0123456789abcdef.old"]);
        File.WriteAllText(folder[".model.0123456789abcdef0123456789abcdef.old/config.json"], "{}");
        File.WriteAllText(folder["mine.tmp"], "");
        using (RunFolder.Open(folder.Path, RunStart.Resume))
        {
            Assert.Empty(Directory.EnumerateFileSystemEntries(folder["checkpoints"]));
            Assert.Equal([".lock", "checkpoints", "mine.tmp", "model", "recipe.yaml"], Directory.EnumerateFileSystemEntries(folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
            Assert.True(File.Exists(folder["model/config.json"]));
        }
    }

    [Fact]
    public void The_newest_checkpoints_stay_and_the_best_one()
    {
        using var folder = new TemporaryFolder();
        using var run = RunFolder.Open(folder.Path, RunStart.New);
        using var trainer = new MadeUpTrainer(static _ => []);
        foreach (var (step, validation) in new (long, double?)[] { (1, 0.5), (2, 0.1), (3, null), (4, 0.3), (5, 0.2) })
        {
            run.Checkpoints.Save(State(step) with { Validation = validation }, "{}", trainer.State);
            run.Checkpoints.Prune(2);
        }
        Assert.Equal([2, 4, 5], run.Checkpoints.Steps);
        Assert.Equal(2, run.Checkpoints.Best());
    }

    [Fact]
    public void A_checkpoint_is_read_back_and_a_damaged_one_is_told()
    {
        using var folder = new TemporaryFolder();
        using var run = RunFolder.Open(folder.Path, RunStart.New);
        using var trainer = new MadeUpTrainer(static _ => []);
        trainer.Count.fill_(Hita.Runtime.TensorOps.Constant(7.5));
        var state = State(12) with { Seconds = 3, SkippedSteps = 2 };
        run.Checkpoints.Save(state, "{}", trainer.State);
        using var other = new MadeUpTrainer(static _ => []);
        run.Checkpoints.Load(12, other.State);
        Assert.Equal([7.5f, 7.5f, 7.5f], other.Count.ToFloats());
        var read = run.Checkpoints.Read(12);
        Assert.Equal(state with { Files = read.Files }, read);
        Assert.Equal(["config.json", "ema.safetensors", "model.safetensors"], read.Files.Keys.Order(StringComparer.Ordinal));

        var damaged = Path.Combine(run.Checkpoints.FolderOf(12), "ema.safetensors");
        using (var file = File.OpenWrite(damaged))
            file.SetLength(file.Length - 1);
        Assert.Contains("instead of", Sentences.Check(Assert.Throws<CheckpointException>(() => run.Checkpoints.Read(12))), StringComparison.Ordinal);
        File.Delete(damaged);
        Assert.Contains("is missing", Sentences.Check(Assert.Throws<CheckpointException>(() => run.Checkpoints.Read(12))), StringComparison.Ordinal);
    }

    [Fact]
    public void A_poisoned_state_is_not_saved()
    {
        using var folder = new TemporaryFolder();
        using var run = RunFolder.Open(folder.Path, RunStart.New);
        using var trainer = new MadeUpTrainer(static _ => []);
        trainer.Count.fill_(Hita.Runtime.TensorOps.Constant(double.NaN));
        var thrown = Assert.Throws<HitaException>(() => run.Checkpoints.Save(State(3), "{}", trainer.State));
        Assert.Contains("'count' of model holds values that are not finite, so nothing was saved", thrown.Message, StringComparison.Ordinal);
        Assert.Empty(run.Checkpoints.Steps);
    }

    [Fact]
    public void A_save_that_fails_leaves_what_was_saved_and_says_so()
    {
        using var folder = new TemporaryFolder();
        using var run = RunFolder.Open(folder.Path, RunStart.New);
        using var trainer = new MadeUpTrainer(static _ => []);
        run.Checkpoints.Save(State(3), "{}", trainer.State);
        // A file in the folder's place fails at once, whoever runs the test.
        File.WriteAllText(run.Checkpoints.FolderOf(4), "");
        var thrown = Assert.Throws<HitaException>(() => run.Checkpoints.Save(State(4), "{}", trainer.State));
        Assert.Contains("the checkpoint of step 3 is whole: free some space and continue with --resume.", thrown.Message, StringComparison.Ordinal);
        Assert.Equal([3], run.Checkpoints.Steps);
        Assert.Equal(3, run.Checkpoints.Read(3).Step);
        Assert.Single(Directory.GetDirectories(Path.GetDirectoryName(run.Checkpoints.FolderOf(4))!));
    }

    internal static CheckpointState State(long step) => new()
    {
        Stage = "tokenizer",
        Step = step,
        Epoch = 0,
        StepInEpoch = step,
        Seed = 1,
        Data = "made up",
        Images = 10,
    };
}
