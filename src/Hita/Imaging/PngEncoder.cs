using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;
using Hita.Runtime;
using SkiaSharp;

namespace Hita.Imaging;

/// <summary>
/// Writes PNG files of 24-bit colour: the image library's, with texts, which it cannot write, put behind the header.
/// </summary>
internal static class PngEncoder
{
    // The signature and the header's chunk, which is always the first.
    private const int HeaderEnd = 33;

    // All filters cost time and save a tenth of a generated image.
    private static readonly SKPngEncoderOptions Options = new(SKPngEncoderFilterFlags.AllFilters, 6);

    /// <summary>The bytes every PNG starts with.</summary>
    public static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    /// <summary>Writes an image with texts.</summary>
    /// <param name="image">The image.</param>
    /// <param name="stream">Where it goes.</param>
    /// <param name="name">What it is, for messages.</param>
    /// <param name="texts">Texts by keyword.</param>
    /// <exception cref="ArgumentException">A keyword is not one that PNG allows.</exception>
    /// <exception cref="ImageException">There is not enough memory.</exception>
    public static void Write(Image image, Stream stream, string name, IReadOnlyDictionary<string, string> texts)
    {
        using var data = ImageWriter.Encode(image, name, static map => map.Encode(Options));
        var file = data.AsSpan();
        stream.Write(file[..HeaderEnd]);
        foreach (var (keyword, text) in texts)
            WriteText(stream, keyword, text);
        stream.Write(file[HeaderEnd..]);
    }

    private static void WriteText(Stream stream, string keyword, string text)
    {
        if (keyword.Length is 0 or > 79 || keyword.Any(c => c is < ' ' or > '~') || keyword[0] == ' ' || keyword[^1] == ' ')
        {
            throw new ArgumentException(
                $"'{keyword}' cannot be the keyword of a PNG text: 1 to 79 plain letters, digits or signs are allowed.");
        }
        using var chunk = new MemoryStream();
        chunk.Write(Encoding.Latin1.GetBytes(keyword));
        chunk.WriteByte(0);
        // The older form holds Latin-1 alone; programs that show texts know it best.
        if (text.All(c => c is '\n' or (>= ' ' and <= '~') or (>= '\u00a1' and <= '\u00ff')))
        {
            chunk.Write(Encoding.Latin1.GetBytes(text));
            WriteChunk(stream, "tEXt"u8, chunk.ToArray());
            return;
        }
        chunk.Write([0, 0, 0, 0]); // not compressed (two bytes), no language, no translated keyword
        chunk.Write(Encoding.UTF8.GetBytes(text));
        WriteChunk(stream, "iTXt"u8, chunk.ToArray());
    }

    /// <summary>Writes a chunk: length, type, data and their CRC.</summary>
    internal static void WriteChunk(Stream stream, ReadOnlySpan<byte> type, ReadOnlySpan<byte> data)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        stream.Write(number);
        stream.Write(type);
        stream.Write(data);
        var crc = new Crc32();
        crc.Append(type);
        crc.Append(data);
        BinaryPrimitives.WriteUInt32BigEndian(number, crc.GetCurrentHashAsUInt32());
        stream.Write(number);
    }
}
