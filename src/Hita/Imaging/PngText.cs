using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Hita.Runtime;

namespace Hita.Imaging;

/// <summary>Reads the texts kept in PNG files, such as the settings an image was generated with.</summary>
public static class PngText
{
    private const int MaxText = 16 << 20;

    /// <summary>All texts of a PNG file by keyword; of several under one keyword the last.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The texts; empty where the file has none. A text that is broken or above 16 MiB is left out.</returns>
    /// <exception cref="ImageException">The file is missing, not readable, or no PNG.</exception>
    public static IReadOnlyDictionary<string, string> Read(string path) =>
        Read(ImageBytes.Read(path, ImageDecodeOptions.Photo.MaxFileBytes), path);

    /// <summary>All texts of a PNG file by keyword; of several under one keyword the last.</summary>
    /// <param name="file">The whole file.</param>
    /// <param name="name">What to call it in messages.</param>
    /// <returns>The texts; empty where the file has none. A text that is broken or above 16 MiB is left out.</returns>
    /// <exception cref="ImageException">The bytes are no PNG.</exception>
    public static IReadOnlyDictionary<string, string> Read(ReadOnlySpan<byte> file, string name)
    {
        if (!file.StartsWith(PngEncoder.Signature))
            throw new ImageException(name, "Texts are read from PNG files only, and this is none.");
        var texts = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var rest = file[PngEncoder.Signature.Length..]; rest.Length >= 12;)
        {
            var length = BinaryPrimitives.ReadUInt32BigEndian(rest);
            if (length > rest.Length - 12)
                break;
            var data = rest.Slice(8, (int)length);
            if (Text(rest.Slice(4, 4), data) is var (keyword, text))
                texts[keyword] = text;
            rest = rest[(12 + (int)length)..];
        }
        return texts;
    }

    private static (string Keyword, string Text)? Text(ReadOnlySpan<byte> type, ReadOnlySpan<byte> data)
    {
        if (data.IndexOf((byte)0) is not (> 0 and <= 79 and var end))
            return null;
        var keyword = Encoding.Latin1.GetString(data[..end]);
        data = data[(end + 1)..];
        string? text = null;
        if (type.SequenceEqual("tEXt"u8) && data.Length <= MaxText)
            text = Encoding.Latin1.GetString(data);
        else if (type.SequenceEqual("zTXt"u8) && data.Length > 1)
            text = Unpacked(data[1..], Encoding.Latin1);
        else if (type.SequenceEqual("iTXt"u8))
            text = International(data);
        return text is null ? null : (keyword, text);
    }

    private static string? International(ReadOnlySpan<byte> data)
    {
        if (data.Length < 4)
            return null;
        var packed = data[0] == 1;
        data = data[2..];
        // The language and the translated keyword, each ended by a zero, are of no use to a program.
        for (var skipped = 0; skipped < 2; skipped++)
        {
            var end = data.IndexOf((byte)0);
            if (end < 0)
                return null;
            data = data[(end + 1)..];
        }
        if (packed)
            return Unpacked(data, Encoding.UTF8);
        return data.Length <= MaxText ? Encoding.UTF8.GetString(data) : null;
    }

    private static string? Unpacked(ReadOnlySpan<byte> data, Encoding encoding)
    {
        try
        {
            using var zlib = new ZLibStream(new MemoryStream(data.ToArray()), CompressionMode.Decompress);
            using var text = new MemoryStream();
            var buffer = new byte[8192];
            for (int read; (read = zlib.Read(buffer)) > 0;)
            {
                if (text.Length + read > MaxText)
                    return null;
                text.Write(buffer, 0, read);
            }
            return encoding.GetString(text.GetBuffer(), 0, (int)text.Length);
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }
}
