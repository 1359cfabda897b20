using System.Buffers.Binary;
using Hita.Runtime;

namespace Hita.Imaging;

/// <summary>Writes moving images as animated WebP, which browsers and image viewers play.</summary>
public static class AnimatedWebp
{
    /// <summary>The longest time a frame can be shown, in milliseconds.</summary>
    public const int LongestFrame = (1 << 24) - 1;

    private const int LargestSide = 16383;

    /// <summary>Writes an animation; a file in its place is replaced in one step.</summary>
    /// <param name="frames">Images of one size, at least one.</param>
    /// <param name="path">The file, in a folder that exists.</param>
    /// <param name="milliseconds">How long each frame is shown, 1 to <see cref="LongestFrame"/>.</param>
    /// <param name="loops">How often it is played; 0 for ever.</param>
    /// <param name="options">Quality, or lossless; the defaults where null.</param>
    /// <exception cref="ImageException">A frame is too large, or the place cannot be written.</exception>
    public static void Write(IReadOnlyList<Image> frames, string path, int milliseconds, int loops = 0, ImageWriteOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ImageFile.Write(path, stream => Write(frames, stream, milliseconds, loops, options));
    }

    /// <summary>Writes an animation to a stream.</summary>
    /// <param name="frames">Images of one size, at least one.</param>
    /// <param name="stream">Where the file's bytes go; it stays open.</param>
    /// <param name="milliseconds">How long each frame is shown, 1 to <see cref="LongestFrame"/>.</param>
    /// <param name="loops">How often it is played, 0 (for ever) to 65535.</param>
    /// <param name="options">Quality, or lossless; the defaults where null.</param>
    /// <exception cref="ImageException">A frame is too large.</exception>
    public static void Write(IReadOnlyList<Image> frames, Stream stream, int milliseconds, int loops = 0, ImageWriteOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(frames);
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentOutOfRangeException.ThrowIfLessThan(milliseconds, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(milliseconds, LongestFrame);
        ArgumentOutOfRangeException.ThrowIfNegative(loops);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(loops, ushort.MaxValue);
        if (frames.Count == 0 || frames.Any(f => (f.Width, f.Height) != (frames[0].Width, frames[0].Height)))
            throw new ArgumentException("An animation needs at least one image, and all of one size.", nameof(frames));
        var (width, height) = (frames[0].Width, frames[0].Height);
        if (Math.Max(width, height) > LargestSide)
            throw new ImageException("the animation", $"A WebP image has at most {LargestSide} pixels a side, these have {width}×{height}.");

        using var body = new MemoryStream();
        body.Write("WEBP"u8);
        Chunk(body, "VP8X"u8, Header(width, height));
        Chunk(body, "ANIM"u8, [0, 0, 0, 0, (byte)loops, (byte)(loops >> 8)]);
        foreach (var frame in frames)
            Chunk(body, "ANMF"u8, Frame(frame, milliseconds, options));
        Chunk(stream, "RIFF"u8, body.GetBuffer().AsSpan(0, (int)body.Length));
    }

    private static byte[] Header(int width, int height)
    {
        var header = new byte[10];
        header[0] = 0x02; // It is an animation; nothing else is in the file.
        UInt24(header.AsSpan(4), width - 1);
        UInt24(header.AsSpan(7), height - 1);
        return header;
    }

    // Place, size, time and flags, then the chunk with the image's bits as a still image has it.
    private static byte[] Frame(Image frame, int milliseconds, ImageWriteOptions? options)
    {
        using var still = new MemoryStream();
        ImageWriter.Write(frame, still, ImageFormat.Webp, options);
        var bits = Bits(still.GetBuffer().AsSpan(0, (int)still.Length));
        var data = new byte[16 + bits.Length];
        UInt24(data.AsSpan(6), frame.Width - 1);
        UInt24(data.AsSpan(9), frame.Height - 1);
        UInt24(data.AsSpan(12), milliseconds);
        data[15] = 0x02; // It replaces what was shown before instead of being laid over it.
        bits.CopyTo(data.AsSpan(16));
        return data;
    }

    private static ReadOnlySpan<byte> Bits(ReadOnlySpan<byte> file)
    {
        for (var at = 12; at + 8 <= file.Length;)
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(file[(at + 4)..]);
            var whole = 8 + length + (length & 1);
            if (file.Slice(at, 4) is var name && (name.SequenceEqual("VP8 "u8) || name.SequenceEqual("VP8L"u8)))
                return file.Slice(at, Math.Min(whole, file.Length - at));
            at += whole;
        }
        throw new ImageException("the animation", "The encoder gave a WebP image without any bits; write single images instead.");
    }

    private static void Chunk(Stream stream, ReadOnlySpan<byte> name, ReadOnlySpan<byte> data)
    {
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, data.Length);
        stream.Write(name);
        stream.Write(length);
        stream.Write(data);
        if ((data.Length & 1) == 1)
            stream.WriteByte(0);
    }

    private static void UInt24(Span<byte> target, int value)
    {
        target[0] = (byte)value;
        target[1] = (byte)(value >> 8);
        target[2] = (byte)(value >> 16);
    }
}
