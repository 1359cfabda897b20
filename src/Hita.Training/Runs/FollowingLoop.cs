using Hita.Distributed.Collectives;
using Hita.Runtime;

namespace Hita.Training.Runs;

/// <summary>The steps of a rank that is not the first: it learns, and leaves measuring, showing and saving to rank 0.</summary>
/// <typeparam name="TBatch">What a step learns from.</typeparam>
internal sealed class FollowingLoop<TBatch>(ITrainer<TBatch> trainer, IBatchFeed<TBatch> feed, RunPlan plan, CheckpointState? from, RankPace pace)
{
    /// <summary>Learns to the end of the plan.</summary>
    /// <param name="cancellation">Stops all ranks after the step at work.</param>
    /// <exception cref="OperationCanceledException">This rank or another one was told to stop.</exception>
    /// <exception cref="HitaException">The run cannot go on.</exception>
    public void Run(CancellationToken cancellation)
    {
        // Its numbers are rank 0's, so that it gives up at the same step.
        var guard = new DivergenceMonitor(plan, new SilentObserver()) { Skipped = from?.SkippedSteps ?? 0 };
        var saved = from?.Step ?? 0;
        try
        {
            for (var step = saved + 1; step <= plan.Steps; step++)
            {
                if (pace.MustStop(cancellation))
                    pace.Stop(cancellation);
                // Rank 0 has come past what it saved after the step before.
                if (step - 1 > (from?.Step ?? 0) && (step - 1) % plan.SaveEvery == 0)
                    saved = step - 1;
                guard.Check(trainer.TakeStep(feed.NextBatches(pace.ForData(cancellation)), step), step);
            }
            // Rank 0 may still put together what it saves last.
            pace.Part();
        }
        catch (GroupException e)
        {
            throw new GroupException(RankPace.Lost(e.Message, saved, null), e.Rank, e) { IsTold = e.IsTold };
        }
    }
}
