using Hita.Distributed.Launching;
using Hita.Distributed.Mpi;
using Hita.Distributed.Nccl;
using Hita.Runtime;
using Hita.Runtime.Diagnostics;

namespace Hita.Distributed;

/// <summary>Finds out what there is for several processes to work together, and tries it where there are several.</summary>
public static class ClusterReporter
{
    /// <summary>Looks and tries. Where a launcher started several ranks, each of them calls it.</summary>
    /// <returns>The report, what is wrong (null for nothing), and whether this is the rank that prints.</returns>
    public static (ClusterReport Report, Finding? Finding, bool IsFirst) Collect()
    {
        LaunchEnvironment? launched;
        try
        {
            launched = LaunchEnvironment.Find();
        }
        catch (HitaException e)
        {
            return (Look(null, null), new Finding(FindingSeverity.Broken, e.Message), IsFirst: true);
        }
        if (launched is not { Size: > 1 })
            return (Look(launched, null), null, IsFirst: true);
        try
        {
            string? found = null;
            ProcessGroup.Run(null, group => found = Try(group));
            return (Look(launched, found), null, launched.Rank == 0);
        }
        catch (HitaException e)
        {
            return (Look(launched, null), new Finding(FindingSeverity.Broken, e.Message), launched.Rank == 0);
        }
    }

    private static string Try(ProcessGroup group)
    {
        GroupCheck.Run(group);
        var hosts = group.Ranks.Select(static r => r.Host).Distinct(StringComparer.Ordinal).Count();
        var notes = group.Notes.Count > 0 ? $"; {string.Join(' ', group.Notes)}" : "";
        return $"{group.Size} on {hosts} {(hosts == 1 ? "machine" : "machines")}, whose sums are right{notes}";
    }

    private static ClusterReport Look(LaunchEnvironment? launched, string? found)
    {
        string? mpi = null;
        try
        {
            var library = MpiLibrary.Load(MpiSearch.For(launched));
            mpi = $"{library.ReadVersion()} ({library.Name})";
        }
        catch (Collectives.GroupException)
        {
            // Its absence is a fault only where several ranks were started, and then it has been told.
        }
        return new ClusterReport
        {
            Mpi = mpi,
            Nccl = NcclLibrary.Find() is { } nccl ? $"NCCL {nccl.Version} ({nccl.Name})" : null,
            Launcher = launched?.Launcher,
            Ranks = launched?.Size ?? 1,
            Checked = found,
        };
    }
}
