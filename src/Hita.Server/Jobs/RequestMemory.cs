using Hita.Server.Settings;

namespace Hita.Server.Jobs;

/// <summary>
/// Counts the memory that all requests together take before their results: bodies as they arrive, and the images of jobs that wait or run.
/// What would go beyond the limit is refused before it takes any. Threads may share it.
/// </summary>
/// <param name="options">Has the limit.</param>
public sealed class RequestMemory(HitaServerOptions options)
{
    private long _taken;

    /// <summary>Bytes that are taken now.</summary>
    public long Taken => Interlocked.Read(ref _taken);

    /// <summary>Takes memory.</summary>
    /// <param name="bytes">How much, 0 or more.</param>
    /// <returns>Gives it back when it is disposed.</returns>
    /// <exception cref="RefusedException">There is not so much left.</exception>
    public IDisposable Take(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        if (Interlocked.Add(ref _taken, bytes) <= options.MaxRequestBytes)
            return new Share(this, bytes);
        Interlocked.Add(ref _taken, -bytes);
        throw bytes > options.MaxRequestBytes
            ? new RefusedException(
                Refusal.MemoryFull, $"This request would take {Mebibytes(bytes)} MiB, and all requests together may take {Mebibytes(options.MaxRequestBytes)} MiB here; send smaller images.")
            : new RefusedException(
                Refusal.MemoryFull,
                $"Other requests take the {Mebibytes(options.MaxRequestBytes)} MiB that bodies and images may take together; try again later.",
                TimeSpan.FromSeconds(2));
    }

    private static long Mebibytes(long bytes) => (bytes + (1 << 20) - 1) >> 20;

    private sealed class Share(RequestMemory memory, long bytes) : IDisposable
    {
        private long _bytes = bytes;

        public void Dispose() => Interlocked.Add(ref memory._taken, -Interlocked.Exchange(ref _bytes, 0));
    }
}
