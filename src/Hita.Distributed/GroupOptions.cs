using Hita.Runtime;

namespace Hita.Distributed;

/// <summary>How long ranks are patient with each other.</summary>
public sealed record GroupOptions
{
    /// <summary>How long a rank may be silent before it counts as lost, 1 second to 1 hour. Default 30 seconds.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long an operation over all ranks may take, the wait for the slowest included, 1 second to 7 days. Rank 0 measures and saves while
    /// the others wait. Default 2 hours.
    /// </summary>
    public TimeSpan Limit { get; init; } = TimeSpan.FromHours(2);

    /// <summary>How long a rank that stops waits for rank 0 to save and stop as well, 0 to 1 hour. Default 1 minute.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Checks every number.</summary>
    /// <returns>The options themselves.</returns>
    /// <exception cref="ConfigException">Lists all faults.</exception>
    public GroupOptions Validate()
    {
        var faults = new FaultCollector();
        faults.Range(Silence.TotalSeconds, 1, 3600, "the seconds that a rank may be silent", verb: "are");
        faults.Range(Limit.TotalSeconds, 1, 7 * 86400, "the seconds that an operation may take", verb: "are");
        faults.Range(Grace.TotalSeconds, 0, 3600, "the seconds that ranks wait for rank 0", verb: "are");
        return faults.Checked(this, "The work with other ranks");
    }
}
