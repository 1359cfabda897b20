using Hita.Runtime;

namespace Hita.Server.Jobs;

/// <summary>Why a server takes no work.</summary>
public enum Refusal
{
    /// <summary>The models are still being loaded.</summary>
    NotReady,

    /// <summary>As many images wait or run as may.</summary>
    QueueFull,

    /// <summary>The bodies and images of other requests take all the memory that they may.</summary>
    MemoryFull,

    /// <summary>The server is stopping.</summary>
    Stopping,

    /// <summary>No model of that name or precision is loaded.</summary>
    NoSuchModel,
}

/// <summary>Work that a server does not take, and when it might.</summary>
/// <param name="reason">Why.</param>
/// <param name="message">One complete sentence.</param>
/// <param name="retryAfter">When to try again; null where that would not help.</param>
public sealed class RefusedException(Refusal reason, string message, TimeSpan? retryAfter = null) : HitaException(message)
{
    /// <summary>Why.</summary>
    public Refusal Reason { get; } = reason;

    /// <summary>When to try again; null where that would not help.</summary>
    public TimeSpan? RetryAfter { get; } = retryAfter;
}
