using Hita.Runtime;

namespace Hita.Models;

/// <summary>A host has more images waiting than it may.</summary>
public sealed class HostBusyException : HitaException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="waiting">Images that wait.</param>
    /// <param name="retryAfter">When a place may be free, estimated from what the host has done of late.</param>
    public HostBusyException(int waiting, TimeSpan retryAfter)
        : base($"The image queue is full, {waiting} images are waiting; try again in {Math.Ceiling(retryAfter.TotalSeconds):0} s.") => RetryAfter = retryAfter;

    /// <summary>When a place may be free, estimated from what the host has done of late.</summary>
    public TimeSpan RetryAfter { get; }
}

/// <summary>A host takes no more requests because it is being shut down.</summary>
public sealed class HostStoppedException : HitaException
{
    /// <summary>Creates the exception.</summary>
    public HostStoppedException()
        : base("The image host is shutting down and takes no more requests; send the request to another one, or again after the restart.")
    {
    }
}
