namespace Hita.Studio.Sessions;

/// <summary>Under which names a request carries whose it is.</summary>
public static class StudioVisit
{
    /// <summary>The <see cref="StudioSession"/>.</summary>
    public static readonly object Session = new();

    /// <summary>Whether the visitor had a session that is not known any more, as after a restart of the server.</summary>
    public static readonly object IsReturning = new();
}
