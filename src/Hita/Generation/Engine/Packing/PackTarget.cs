using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Hita.Generation.Engine.Packing;

/// <summary>Where sections go while weights are packed.</summary>
internal abstract unsafe class PackTarget : IDisposable
{
    /// <summary>Memory to lay a section out in.</summary>
    public abstract byte* Begin(PackedSection section);

    /// <summary>Takes the section that was begun last.</summary>
    public abstract void End(PackedSection section);

    /// <inheritdoc/>
    public virtual void Dispose()
    {
    }
}

/// <summary>Sections are laid out in their final place.</summary>
internal sealed unsafe class MemoryTarget(byte* weights) : PackTarget
{
    /// <inheritdoc/>
    public override byte* Begin(PackedSection section) => weights + section.Offset;

    /// <inheritdoc/>
    public override void End(PackedSection section)
    {
    }
}

/// <summary>
/// Sections are laid out in a buffer and written. Writing into a mapping instead would end the process, not throw, where the
/// disk is full.
/// </summary>
internal sealed unsafe class FileTarget(SafeFileHandle file, long start) : PackTarget
{
    private byte* _buffer;
    private long _capacity;

    /// <inheritdoc/>
    public override byte* Begin(PackedSection section)
    {
        if (_capacity < section.Bytes)
        {
            NativeMemory.Free(_buffer);
            _buffer = null;
            _buffer = (byte*)NativeMemory.Alloc((nuint)section.Bytes);
            _capacity = section.Bytes;
        }
        return _buffer;
    }

    /// <inheritdoc/>
    public override void End(PackedSection section)
    {
        for (long done = 0; done < section.Bytes;)
        {
            var length = (int)Math.Min(section.Bytes - done, 1 << 26);
            RandomAccess.Write(file, new ReadOnlySpan<byte>(_buffer + done, length), start + section.Offset + done);
            done += length;
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        NativeMemory.Free(_buffer);
        _buffer = null;
        base.Dispose();
    }
}
