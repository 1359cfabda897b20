using Hita.Distributed;

namespace Hita.Training.Runs;

/// <summary>Keeps the ranks of a run at the same step: what one of them is told, all of them do.</summary>
internal sealed class RankPace(ProcessGroup group)
{
    /// <summary>Whether there are other ranks.</summary>
    public bool IsShared => group.Size > 1;

    /// <summary>Whether all ranks stop before the next step, as one of them was told to.</summary>
    public bool MustStop(CancellationToken cancellation) => IsShared && group.Any(cancellation.IsCancellationRequested);

    /// <summary>What may interrupt the wait for data: with other ranks nothing, as they would wait for this one's step.</summary>
    public CancellationToken ForData(CancellationToken cancellation) => IsShared ? CancellationToken.None : cancellation;

    /// <summary>Stops, when every rank has come here.</summary>
    /// <exception cref="OperationCanceledException">Always.</exception>
    public void Stop(CancellationToken cancellation)
    {
        if (IsShared)
            group.StopTogether();
        cancellation.ThrowIfCancellationRequested();
        throw new OperationCanceledException("Another rank was told to stop.");
    }

    /// <summary>The sentence about a rank that is lost, with what is left of the run.</summary>
    /// <param name="sentence">Which rank, and how.</param>
    /// <param name="saved">The step of the newest checkpoint; 0 for none.</param>
    /// <param name="checkpoint">Its folder; null on a rank that does not know whether rank 0 has saved since.</param>
    public static string Lost(string sentence, long saved, string? checkpoint) => saved > 0
        ? $"{sentence} The newest checkpoint is that of step {saved}{(checkpoint is null ? " or later" : $" ({checkpoint})")}: start the ranks again with --resume."
        : $"{sentence} There is no checkpoint yet: start the ranks again.";
}
