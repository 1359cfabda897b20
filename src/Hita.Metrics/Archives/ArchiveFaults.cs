using System.IO.Hashing;
using Hita.Runtime;

namespace Hita.Metrics.Archives;

/// <summary>Turns what goes wrong while reading archives into one sentence.</summary>
internal static class ArchiveFaults
{
    private const int BufferBytes = 1 << 17;

    /// <summary>Opens a file for reading in a stream.</summary>
    /// <exception cref="ArchiveException">It cannot be opened.</exception>
    public static FileStream Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, BufferBytes, FileOptions.SequentialScan);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ArchiveException(path, "there is no such file.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            throw new ArchiveException(path, Directory.Exists(path) ? "this is a folder where a file is needed." : "the file cannot be opened for reading.", e);
        }
    }

    /// <summary>Whether an exception is the file's fault. What the decompressor throws on damage is not documented in full.</summary>
    public static bool IsFault(Exception e) =>
        e is IOException or InvalidDataException or NotSupportedException or OverflowException or ArgumentException or InvalidOperationException
        && e is not ObjectDisposedException;

    /// <summary>The sentence for contents that cannot be what was written.</summary>
    public static ArchiveException Damaged(string path, string what, Exception? inner = null) =>
        new(path, $"{what} is damaged or was cut short; copy or download the file again.", inner);
}

/// <summary>Reads through another stream and sums up what passes.</summary>
internal sealed class SummingStream(Stream inner, Crc32 sum) : Stream
{
    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(Span<byte> buffer)
    {
        var count = inner.Read(buffer);
        sum.Append(buffer[..count]);
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            inner.Dispose();
        base.Dispose(disposing);
    }
}
