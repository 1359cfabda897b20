using System.IO.Compression;
using Hita.Runtime;

namespace Hita.Checkpoints.TorchZip;

/// <summary>
/// Reads ranges of a compressed part. It keeps its place, so that ranges asked for in order are unpacked once; nothing of the
/// part is held in memory.
/// </summary>
internal sealed class DeflatedEntry(CheckpointBytes file, ZipEntry entry, long dataStart) : IDisposable
{
    private readonly Lock _lock = new();
    private DeflateStream? _stream;
    private long _at;

    /// <summary>Unpacks a range.</summary>
    /// <exception cref="CheckpointException">The part is damaged or shorter than it claims.</exception>
    public void Read(long offset, Span<byte> destination)
    {
        lock (_lock)
        {
            try
            {
                if (_stream is null || offset < _at)
                    Restart();
                Skip(offset - _at);
                _stream!.ReadExactly(destination);
                _at += destination.Length;
            }
            catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
            {
                throw new CheckpointException(file.Path, $"the compressed part '{MessageText.Short(entry.Name)}' is damaged or shorter than it claims.", e);
            }
        }
    }

    public void Dispose() => _stream?.Dispose();

    private void Restart()
    {
        _stream?.Dispose();
        _stream = new DeflateStream(new EntryStream(file, dataStart, entry.StoredLength), CompressionMode.Decompress);
        _at = 0;
    }

    private void Skip(long count)
    {
        Span<byte> waste = stackalloc byte[4096];
        while (count > 0)
        {
            var now = (int)Math.Min(count, waste.Length);
            _stream!.ReadExactly(waste[..now]);
            _at += now;
            count -= now;
        }
    }
}
