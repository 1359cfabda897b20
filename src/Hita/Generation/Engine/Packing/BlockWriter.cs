using Hita.Runtime;
using Microsoft.Win32.SafeHandles;

namespace Hita.Generation.Engine.Packing;

/// <summary>
/// Writes a file from front to back in whole huge pages: a file system keeps what is written at once together, and only so does
/// a later mapping consist of huge pages.
/// </summary>
internal sealed class BlockWriter(SafeFileHandle file)
{
    private readonly byte[] _block = new byte[HugePages.Size];
    private long _written;
    private int _filled;

    /// <summary>Writes bytes at an offset that does not lie before the end of the last ones; the gap becomes zeros.</summary>
    public void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(offset, _written + _filled);
        while (_written + _filled < offset)
        {
            var gap = (int)Math.Min(offset - _written - _filled, _block.Length - _filled);
            _block.AsSpan(_filled, gap).Clear();
            Fill(gap);
        }
        while (bytes.Length > 0)
        {
            var count = Math.Min(bytes.Length, _block.Length - _filled);
            bytes[..count].CopyTo(_block.AsSpan(_filled));
            bytes = bytes[count..];
            Fill(count);
        }
    }

    /// <summary>Writes what is left and makes sure that it is on the disk.</summary>
    public void Finish()
    {
        RandomAccess.Write(file, _block.AsSpan(0, _filled), _written);
        RandomAccess.FlushToDisk(file);
    }

    private void Fill(int count)
    {
        _filled += count;
        if (_filled < _block.Length)
            return;
        RandomAccess.Write(file, _block, _written);
        _written += _filled;
        _filled = 0;
    }
}
