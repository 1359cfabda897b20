using System.Net;
using Hita.Runtime;

namespace Hita.Hub;

/// <summary>The hub has not what was asked for, refuses it, or cannot be reached.</summary>
public sealed class HubException : HitaException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">One complete sentence.</param>
    /// <param name="status">The answer's status; null where there was none.</param>
    /// <param name="inner">What caused it, where something did.</param>
    public HubException(string message, HttpStatusCode? status = null, Exception? inner = null)
        : base(message, inner) => Status = status;

    /// <summary>The answer's status; null where there was none.</summary>
    public HttpStatusCode? Status { get; }

    /// <summary>The hub's own word for the refusal; empty where it gave none.</summary>
    internal string ErrorCode { get; init; } = "";
}
