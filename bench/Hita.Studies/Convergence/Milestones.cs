using System.Globalization;
using Hita.Runtime;
using Hita.Training.Recipes;
using Hita.Training.Runs;

namespace Hita.Studies.Convergence;

/// <summary>A run that is trained piece by piece, and whose model is kept after each piece.</summary>
/// <param name="recipe">How it is trained; its checkpoints are written at the milestones.</param>
/// <param name="folder">The run.</param>
internal sealed class Milestones(GeneratorRecipe recipe, string folder)
{
    /// <summary>The model as it was after a step.</summary>
    public string ModelAt(long step) => Path.Combine($"{folder}-milestones", string.Create(CultureInfo.InvariantCulture, $"step-{step:00000000}"));

    /// <summary>Whether the model as it was after a step is there.</summary>
    public bool Has(long step) => Directory.Exists(ModelAt(step));

    /// <summary>Trains to a step, unless that is done.</summary>
    /// <param name="step">A multiple of the checkpoints' interval, or the last step.</param>
    /// <param name="say">Told how far it is.</param>
    /// <param name="cancellation">Stops; the run is saved first.</param>
    public void TrainTo(long step, Action<string> say, CancellationToken cancellation)
    {
        if (Has(step))
            return;
        var start = RunFolder.IsRun(folder) ? RunStart.Resume : RunStart.New;
        if (start == RunStart.Resume && Newest() == step)
        {
            // It was stopped between the checkpoint and the copy.
            Keep(step);
            return;
        }
        using var arrived = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        try
        {
            GeneratorTraining.Run(recipe, folder, start, new Watcher(this, step, say, arrived), arrived.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // The milestone is reached; the run goes on from it later.
        }
        if (!Has(step))
            throw new HitaException($"{folder}: the run passed step {step} without keeping its model; its folder was changed from outside, so begin it anew.");
    }

    private long Newest()
    {
        using var run = RunFolder.Open(folder, RunStart.Resume);
        return run.Checkpoints.Steps is [.., var last] ? last : 0;
    }

    private void Keep(long step)
    {
        using var kept = new AtomicFolder(ModelAt(step));
        foreach (var file in Directory.EnumerateFiles(Path.Combine(folder, RunFolder.ModelName)))
            File.Copy(file, Path.Combine(kept.StagingFolder, Path.GetFileName(file)));
        kept.Complete();
    }

    private sealed class Watcher(Milestones milestones, long target, Action<string> say, CancellationTokenSource arrived) : ITrainingObserver
    {
        private readonly string _name = Path.GetFileName(milestones.FolderName);
        private DateTime _said = DateTime.UtcNow;

        public void Started(RunPlan plan, long from) => say(FormattableString.Invariant($"{_name}: from step {from} to {target} of {plan.Steps}"));

        public void Stepped(StepRecord record)
        {
            if (DateTime.UtcNow - _said < TimeSpan.FromSeconds(15))
                return;
            _said = DateTime.UtcNow;
            var loss = record.Values.FirstOrDefault(static v => v.Key == "loss").Value;
            say(FormattableString.Invariant($"{_name}: step {record.Step} of {target}, {record.ImagesPerSecond:0.0} images/s, loss {loss:0.0000}"));
        }

        public void Written(long number, string path)
        {
            if (number != target || Path.GetFileName(path) != RunFolder.ModelName)
                return;
            milestones.Keep(number);
            arrived.Cancel();
        }

        public void Noted(string sentence) => say($"{_name}: {sentence}");

        public void Began(string what)
        {
        }
    }

    private string FolderName => folder;
}
