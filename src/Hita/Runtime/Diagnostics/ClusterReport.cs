namespace Hita.Runtime.Diagnostics;

/// <summary>What there is for several processes to work together.</summary>
public sealed record ClusterReport
{
    /// <summary>The MPI library that would be used, by version and name; null where there is none.</summary>
    public required string? Mpi { get; init; }

    /// <summary>The NCCL library, by version and name; null where there is none.</summary>
    public required string? Nccl { get; init; }

    /// <summary>What started this process as one of several; null where nothing did.</summary>
    public required string? Launcher { get; init; }

    /// <summary>The ranks that were started together; 1 without a launcher.</summary>
    public required int Ranks { get; init; }

    /// <summary>The ranks and what was found right with them; null where there is one, or where they could not be checked.</summary>
    public string? Checked { get; init; }
}
