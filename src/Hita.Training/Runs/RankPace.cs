using Hita.Distributed;
using Hita.Training.Ranks;

namespace Hita.Training.Runs;

/// <summary>Keeps the ranks of a run at the same step: what one of them is told, all of them do.</summary>
/// <param name="group">The ranks.</param>
/// <param name="shards">What each rank has a piece of; null where each has all.</param>
internal sealed class RankPace(ProcessGroup group, ShardedState? shards = null)
{
    private const long Over = 1;

    /// <summary>Whether there are other ranks.</summary>
    public bool IsShared => group.Size > 1;

    /// <summary>Whether a rank has pieces that no other has.</summary>
    public bool IsSharded => shards is not null;

    /// <summary>
    /// Whether all ranks stop before the next step, as one of them was told to. Until rank 0 comes here as well, the others give it the
    /// pieces that it asks for.
    /// </summary>
    public bool MustStop(CancellationToken cancellation)
    {
        while (IsShared)
        {
            var said = group.Max(cancellation.IsCancellationRequested ? Over : 0);
            if (said < ShardedState.FirstCall)
                return said != 0;
            shards!.Answer(said);
        }
        return false;
    }

    /// <summary>Lets the other ranks go on where rank 0 asked for their pieces outside of steps, or was asked for its own: all of them call it.</summary>
    public void Part()
    {
        if (shards is null)
            return;
        if (group.IsFirst)
            group.Max(Over);
        else
            MustStop(CancellationToken.None);
    }

    /// <summary>What may interrupt the wait for data: with other ranks nothing, as they would wait for this one's step.</summary>
    public CancellationToken ForData(CancellationToken cancellation) => IsShared ? CancellationToken.None : cancellation;

    /// <summary>Stops, when every rank has come here.</summary>
    /// <exception cref="OperationCanceledException">Always.</exception>
    public void Stop(CancellationToken cancellation)
    {
        Part();
        if (IsShared)
            group.StopTogether();
        cancellation.ThrowIfCancellationRequested();
        throw new OperationCanceledException("Another rank was told to stop.");
    }

    /// <summary>The sentence about a rank that is lost, with what is left of the run.</summary>
    /// <param name="sentence">Which rank, and how.</param>
    /// <param name="saved">The step of the newest checkpoint; 0 for none.</param>
    /// <param name="checkpoint">Its folder; null on a rank that does not know whether rank 0 has saved since.</param>
    /// <param name="lost">Steps after it that are lost.</param>
    public static string Lost(string sentence, long saved, string? checkpoint, long lost = 0)
    {
        var with = lost == 0 ? "" : $", and {(lost == 1 ? "the step" : $"the {lost} steps")} {(saved > 0 ? "after it" : "so far")} {(lost == 1 ? "is" : "are")} lost with its piece of the optimizer's state";
        return saved > 0
            ? $"{sentence} The newest checkpoint is that of step {saved}{(checkpoint is null ? " or later" : $" ({checkpoint})")}{with}: start the ranks again with --resume."
            : $"{sentence} There is no checkpoint yet{with}: start the ranks again.";
    }
}
