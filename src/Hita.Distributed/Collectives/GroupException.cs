using Hita.Runtime;

namespace Hita.Distributed.Collectives;

/// <summary>Processes cannot work together, or no longer: one is lost, they are not of one build, or there is no library for it.</summary>
public sealed class GroupException : HitaException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">One complete sentence.</param>
    /// <param name="rank">The rank at fault; null where it is none in particular.</param>
    /// <param name="inner">What caused it, where something did.</param>
    public GroupException(string message, int? rank = null, Exception? inner = null)
        : base(message, inner) => Rank = rank;

    /// <summary>The rank at fault; null where it is none in particular.</summary>
    public int? Rank { get; }

    /// <summary>Whether the rank at fault has said so itself, so that the others need not repeat it.</summary>
    public bool IsTold { get; init; }
}
