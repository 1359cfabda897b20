using Hita.Distributed;
using Hita.Distributed.Collectives;
using Hita.Runtime;

namespace Hita.Cli.Hosting;

/// <summary>Runs a command as one of the ranks that a launcher started together. What concerns all of them, rank 0 alone prints.</summary>
internal static class RankedCommand
{
    /// <summary>Does something together with the other ranks, or alone where no launcher started this process.</summary>
    /// <param name="host">The program.</param>
    /// <param name="options">How long ranks are patient.</param>
    /// <param name="work">What to do.</param>
    /// <returns>The exit code.</returns>
    public static int Run(CommandHost host, GroupOptions options, Action<ProcessGroup> work)
    {
        ProcessGroup? joined = null;
        try
        {
            ProcessGroup.Run(options, group =>
            {
                joined = group;
                if (!group.IsFirst)
                    host.Hush();
                work(group);
            });
            return ExitCodes.Success;
        }
        catch (OperationCanceledException) when (joined is { Size: > 1 } && (!joined.IsFirst || !host.Cancellation.IsCancellationRequested))
        {
            return ExitCodes.Cancelled;
        }
        catch (HitaException e) when (joined is { IsFirst: false } && (e is GroupException { IsTold: true } || joined.IsToldByFirst(e.Message)))
        {
            return ExitCodes.Failure;
        }
    }
}
