using System.Net;
using Hita.Runtime;

namespace Hita.Hub.Pushing;

/// <summary>A part of a file as the body of a request, read as it is sent.</summary>
internal sealed class FilePart(PushFile file, long offset, long length, Action<int> moved) : HttpContent
{
    private const int BufferBytes = 256 << 10;

    /// <inheritdoc/>
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    /// <inheritdoc/>
    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        await using var source = file.Open();
        source.Position = offset;
        var buffer = new byte[(int)Math.Min(BufferBytes, Math.Max(length, 1))];
        for (var left = length; left > 0;)
        {
            var count = await ReadAsync(source, buffer.AsMemory(0, (int)Math.Min(buffer.Length, left)), cancellationToken).ConfigureAwait(false);
            await stream.WriteAsync(buffer.AsMemory(0, count), cancellationToken).ConfigureAwait(false);
            left -= count;
            moved(count);
        }
    }

    // A fault of the disk is not one of the network, which would be tried again.
    private async Task<int> ReadAsync(Stream source, Memory<byte> buffer, CancellationToken cancellation)
    {
        try
        {
            var count = await source.ReadAsync(buffer, cancellation).ConfigureAwait(false);
            return count > 0 ? count : throw new HitaException($"{file.Path ?? file.Name} has become shorter while it was being pushed, so nothing was committed; push again.");
        }
        catch (IOException e)
        {
            throw new HitaException($"{file.Path ?? file.Name}: this file cannot be read: {SystemMessage.Of(e)}.", e);
        }
    }

    /// <inheritdoc/>
    protected override bool TryComputeLength(out long result)
    {
        result = length;
        return true;
    }
}
