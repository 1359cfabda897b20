using System.Net;
using System.Net.Http.Headers;
using Hita.Runtime;

namespace Hita.Hub;

/// <summary>
/// Fetches a content. Several ranges are in flight, but they are written in their order, so that the file beside the destination is at
/// every moment the beginning of the content: that is what a later attempt, or Python's client, goes on from.
/// </summary>
internal sealed class BlobDownload(HubTransport transport, HubSettings settings, HubReference reference, HubFile file, HubCache cache)
{
    private readonly string _blob = cache.Blob(file);
    private Uri? _location;

    /// <summary>The bytes of a content that arrived in earlier attempts.</summary>
    public static long Arrived(HubCache cache, HubFile file) => new FileInfo(Incomplete(cache.Blob(file))) is { Exists: true } begun ? Math.Min(begun.Length, file.Size) : 0;

    /// <summary>Fetches what is missing of it and checks the whole.</summary>
    /// <param name="commit">The commit to take the file of.</param>
    /// <param name="report">Told the bytes that are there.</param>
    /// <param name="cancellation">Gives up; what was written stays.</param>
    public async Task RunAsync(string commit, Action<long> report, CancellationToken cancellation)
    {
        await using var held = await TakeLockAsync(cancellation).ConfigureAwait(false);
        if (File.Exists(_blob))
        {
            report(file.Size);
            return;
        }
        var incomplete = Incomplete(_blob);
        await using (var stream = new FileStream(incomplete, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0, FileOptions.Asynchronous))
        {
            if (stream.Length > file.Size)
                stream.SetLength(0);
            var isResumed = stream.Length > 0;
            var isRight = await FetchAsync(commit, stream, report, cancellation).ConfigureAwait(false);
            if (!isRight && isResumed)
            {
                // The beginning may be what a crash of the machine left.
                stream.SetLength(0);
                isRight = await FetchAsync(commit, stream, report, cancellation).ConfigureAwait(false);
            }
            if (!isRight)
            {
                stream.SetLength(0);
                throw new HubException($"{file.Name} of {reference.Repository} arrived damaged: its hash is not the one that the hub names. It was thrown away; try again.");
            }
            stream.Flush(flushToDisk: true);
        }
        AtomicFile.Rename(incomplete, _blob);
    }

    private static string Incomplete(string blob) => blob + ".incomplete";

    // Fetches what the stream lacks; tells whether the whole is right.
    private async Task<bool> FetchAsync(string commit, FileStream stream, Action<long> report, CancellationToken cancellation)
    {
        using var hash = new BlobHash(file);
        await hash.AddAsync(stream, cancellation).ConfigureAwait(false);
        report(stream.Position);
        using var together = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var flying = new Queue<Task<byte[]>>();
        var next = stream.Position;
        try
        {
            while (stream.Position < file.Size)
            {
                for (; flying.Count < settings.Connections && next < file.Size; next += settings.RangeBytes)
                    flying.Enqueue(FetchRangeAsync(commit, next, (int)Math.Min(settings.RangeBytes, file.Size - next), together.Token));
                var bytes = await flying.Dequeue().ConfigureAwait(false);
                await stream.WriteAsync(bytes, cancellation).ConfigureAwait(false);
                hash.Add(bytes);
                report(stream.Position);
            }
            return hash.IsRight();
        }
        finally
        {
            // Their failures are those of the one that is thrown.
            await together.CancelAsync().ConfigureAwait(false);
            foreach (var range in flying)
                await ((Task)range).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<byte[]> FetchRangeAsync(string commit, long from, int count, CancellationToken cancellation)
    {
        var bytes = new byte[count];
        var arrived = 0;
        for (var failures = 0; ;)
        {
            TimeSpan delay;
            var before = arrived;
            try
            {
                var known = _location;
                var place = known ?? transport.Address($"{reference.Repository}/resolve/{commit}/{string.Join('/', file.Name.Split('/').Select(Uri.EscapeDataString))}");
                var (answer, at) = await transport.AskAsync(place, new RangeHeaderValue(from + arrived, from + count - 1), cancellation).ConfigureAwait(false);
                using (answer)
                {
                    if (answer.IsSuccessStatusCode)
                    {
                        _location = at;
                        await foreach (var length in ReadAsync(answer, from + arrived, bytes, arrived, cancellation).ConfigureAwait(false))
                            arrived += length;
                        if (arrived == count)
                            return bytes;
                        throw new HttpIOException(HttpRequestError.ResponseEnded, "the answer ended early");
                    }
                    // Addresses of other hosts are signed and run out; several ranges may find that at once, and one may have a new one already.
                    var isStale = known is not null && (int)answer.StatusCode is 401 or 403 or 404 or 410;
                    Interlocked.CompareExchange(ref _location, null, known);
                    failures += isStale ? 0 : 1;
                    if (!isStale && (!HubTransport.IsTransient(answer.StatusCode) || failures >= settings.Attempts))
                        throw transport.Fault(answer, reference, file.Name);
                    delay = isStale ? TimeSpan.Zero : transport.DelayAfter(failures, answer);
                }
            }
            catch (Exception e) when (HubTransport.IsTransient(e))
            {
                // As long as something arrives each time, it is worth going on.
                failures = arrived > before ? 1 : failures + 1;
                if (failures >= settings.Attempts)
                    throw transport.Unreachable(e, file.Name);
                delay = transport.DelayAfter(failures, answer: null);
            }
            await Task.Delay(delay, cancellation).ConfigureAwait(false);
        }
    }

    // Gives the lengths of the pieces as they arrive, so that a later attempt knows where to go on.
    private async IAsyncEnumerable<int> ReadAsync(
        HttpResponseMessage answer, long from, byte[] bytes, int at, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        if (answer.StatusCode == HttpStatusCode.PartialContent && answer.Content.Headers.ContentRange is { } range && (range.From != from || (range.HasLength && range.Length != file.Size)))
            throw Changed();
        await using var body = await answer.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
        // A host that knows no ranges sends everything from the start.
        var skip = answer.StatusCode == HttpStatusCode.PartialContent ? 0 : from;
        if (skip > 0 || answer.StatusCode != HttpStatusCode.PartialContent)
        {
            if (answer.Content.Headers.ContentLength is { } length && length != file.Size)
                throw Changed();
        }
        var dropped = new byte[1 << 16];
        while (at < bytes.Length)
        {
            var target = skip > 0 ? dropped.AsMemory(0, (int)Math.Min(skip, dropped.Length)) : bytes.AsMemory(at);
            var length = await transport.InTimeAsync(stop => HubTransport.FromNetworkAsync(body.ReadAsync(target, stop).AsTask()), cancellation).ConfigureAwait(false);
            if (length == 0)
                yield break;
            if (skip > 0)
            {
                skip -= length;
                continue;
            }
            at += length;
            yield return length;
        }
    }

    private HubException Changed() => new($"{file.Name} of {reference.Repository} has another size than the hub said a moment ago; try again.");

    private async Task<FileStream> TakeLockAsync(CancellationToken cancellation)
    {
        var path = cache.Lock(file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        while (true)
        {
            try
            {
                // The kind of lock that Python's client takes on the same file.
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1);
            }
            catch (IOException e) when (DiskFault.IsHeld(e))
            {
                // Another process fetches the same file; its bytes will be ours.
                await Task.Delay(200, cancellation).ConfigureAwait(false);
            }
        }
    }
}
