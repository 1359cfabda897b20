using Hita.Checkpoints;
using Hita.Runtime;

namespace Hita.Training.Runs;

/// <summary>Finds the checkpoint that a run goes on from: the newest one that is as it was written.</summary>
internal static class NewestCheckpoint
{
    /// <summary>What is added to the name of a damaged checkpoint's folder, so that no later start meets it again.</summary>
    public const string Aside = ".damaged";

    private const int MaxNamed = 3;

    /// <summary>
    /// The newest whole checkpoint of a run; null where the run has none yet. Newer ones that are damaged are set aside, and one
    /// line says so and how many steps are lost.
    /// </summary>
    /// <param name="run">The run, held by this process.</param>
    /// <param name="observer">Is told of damage, and of a checkpoint that carries no checksums.</param>
    /// <exception cref="HitaException">There are checkpoints and none is whole, or one may not be opened.</exception>
    public static CheckpointState? Find(RunFolder run, ITrainingObserver observer)
    {
        var store = run.Checkpoints;
        var damaged = new List<(long Step, string Damage)>();
        foreach (var step in store.Steps.Reverse())
        {
            var (state, damage) = Inspect(store, step);
            if (damage is not null)
            {
                damaged.Add((step, damage));
                continue;
            }
            if (damaged.Count > 0)
            {
                SetAside(store, damaged);
                observer.Noted(Lost(damaged, step));
            }
            if (!CheckpointChecksums.Exist(store.FolderOf(step)))
                observer.Noted($"The checkpoint of step {step} was written before checkpoints carried checksums, so whether its values are as they were written cannot be checked; the next one will carry them.");
            return state;
        }
        if (damaged.Count == 0)
            return null;
        var model = run[RunFolder.ModelName];
        throw new HitaException(
            $"{run.Path}: the run cannot be resumed, because {(damaged.Count == 1 ? "its only checkpoint is" : "all its checkpoints are")} damaged ({Named(damaged)}); " +
            $"put back a copy of {(damaged.Count == 1 ? "it" : "one")}, or begin a new run{(Directory.Exists(model) ? $" from its model with --init-from {model}" : "")}.");
    }

    /// <summary>What a checkpoint says, or what is wrong with it.</summary>
    private static (CheckpointState? State, string? Damage) Inspect(CheckpointStore store, long step)
    {
        var folder = store.FolderOf(step);
        try
        {
            var state = store.Read(step);
            if (state.Step != step)
                return (null, $"{CheckpointState.FileName} is that of step {state.Step}");
            if (CheckpointChecksums.Exist(folder))
                return (state, CheckpointChecksums.FindDamage(folder));
            if (state.Version >= CheckpointState.ChecksumsSince)
                return (null, $"{CheckpointChecksums.FileName} is missing");
            foreach (var file in Directory.EnumerateFiles(folder, "*.safetensors"))
                SafetensorsFile.Open(file).Dispose();
            return (state, null);
        }
        catch (CheckpointException e) when (e.InnerException is not UnauthorizedAccessException)
        {
            return (null, Short(e));
        }
    }

    // The sentence without the folder, for the line names the checkpoint already.
    private static string Short(CheckpointException e)
    {
        var rest = e.Message.StartsWith(e.Path, StringComparison.Ordinal) ? e.Message[e.Path.Length..] : $": {e.Message}";
        return $"{Path.GetFileName(e.Path)}{rest.Split(';')[0].TrimEnd('.')}";
    }

    private static void SetAside(CheckpointStore store, List<(long Step, string Damage)> damaged)
    {
        foreach (var (step, _) in damaged)
        {
            var folder = store.FolderOf(step);
            try
            {
                AtomicFolder.SetAside(folder, Aside);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new HitaException($"{folder}: this checkpoint is damaged and cannot be set aside ({e.Message.TrimEnd('.')}); delete its folder to resume from the one before it.", e);
            }
        }
    }

    private static string Lost(List<(long Step, string Damage)> damaged, long from)
    {
        var lost = damaged[0].Step - from;
        var (whose, were) = damaged.Count == 1 ? ("The newest checkpoint is", "it was") : ($"The newest {damaged.Count} checkpoints are", "they were");
        return $"{whose} damaged ({Named(damaged)}): the run goes on from step {from}, {lost} {(lost == 1 ? "step is" : "steps are")} lost, and {were} set aside as *{Aside}.";
    }

    private static string Named(List<(long Step, string Damage)> damaged)
    {
        var named = string.Join("; ", damaged.Take(MaxNamed).Select(static d => $"step {d.Step}, {d.Damage}"));
        return damaged.Count > MaxNamed ? $"{named}; and {damaged.Count - MaxNamed} more" : named;
    }
}
