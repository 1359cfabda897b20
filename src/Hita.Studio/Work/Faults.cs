using Hita.Server.Requests;

namespace Hita.Studio.Work;

/// <summary>Says what went wrong, as the server's API does.</summary>
internal static class Faults
{
    /// <summary>A sentence for people; the cause of an unexpected fault stays in the log.</summary>
    public static string Sentence(Exception fault) => ApiErrors.Of(fault).Message;
}
