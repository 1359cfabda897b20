namespace Hita.Runtime;

/// <summary>
/// The one way in which long calls become asynchronous: the call runs on a thread of the pool, looks at the token where its synchronous form
/// does, and reports progress from there.
/// </summary>
internal static class Background
{
    /// <summary>Runs a call.</summary>
    /// <param name="call">The call; it looks at the token by itself.</param>
    /// <param name="cancellation">Already cancelled: the call does not begin.</param>
    public static Task<T> Run<T>(Func<T> call, CancellationToken cancellation) => Task.Run(call, cancellation);

    /// <summary>Runs a call that gives nothing.</summary>
    /// <param name="call">The call; it looks at the token by itself.</param>
    /// <param name="cancellation">Already cancelled: the call does not begin.</param>
    public static Task Run(Action call, CancellationToken cancellation) => Task.Run(call, cancellation);
}
