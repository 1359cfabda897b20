namespace Hita.Server.Requests;

/// <summary>
/// Lets no more requests be decoded at a time than there are processors: decoding an upload takes several times the memory of its
/// image, and more at a time would not be faster.
/// </summary>
internal sealed class RequestTurns : IDisposable
{
    private readonly SemaphoreSlim _places = new(Environment.ProcessorCount);

    /// <summary>Does work off the thread that serves the connection, when its turn has come.</summary>
    /// <param name="work">The work.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public async Task<T> RunAsync<T>(Func<T> work, CancellationToken cancellation)
    {
        await _places.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            return await Task.Run(work, CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            _places.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _places.Dispose();
}
