using System.Buffers;

namespace Hita.Data;

/// <summary>The bytes of an image file. They lie in pooled memory: dispose it, once, when they are no longer read.</summary>
public readonly struct EncodedImage : IDisposable
{
    private readonly byte[] _buffer;
    private readonly int _length;

    private EncodedImage(byte[] buffer, int length) => (_buffer, _length) = (buffer, length);

    /// <summary>The whole file.</summary>
    public ReadOnlySpan<byte> Bytes => _buffer.AsSpan(0, _length);

    /// <summary>Where whoever reads the file puts its bytes.</summary>
    internal Span<byte> Room => _buffer.AsSpan(0, _length);

    /// <summary>Hands the memory back.</summary>
    public void Dispose() => ArrayPool<byte>.Shared.Return(_buffer);

    /// <summary>Room for a file of a known length.</summary>
    internal static EncodedImage Rent(int length) => new(ArrayPool<byte>.Shared.Rent(length), length);
}
