namespace Hita.Imaging;

/// <summary>Names formats that are not read, so that the message can say what the file is.</summary>
internal static class ForeignFormat
{
    /// <summary>One sentence about a file that is none of the formats read.</summary>
    /// <param name="file">The file's bytes, at least one.</param>
    public static string Message(ReadOnlySpan<byte> file) => Name(file) is { } name
        ? $"This is {name}, and only {ImageHeader.Formats} images are read; convert it to one of them first."
        : LooksLikeText(file)
            ? $"This is a text file, not an image; {ImageHeader.Formats} are read."
            : $"This is not an image of a known format; {ImageHeader.Formats} are read.";

    private static string? Name(ReadOnlySpan<byte> file)
    {
        if (file.Length >= 12 && file[4..].StartsWith("ftyp"u8))
            return MediaName(file[8..12]);
        if (file.StartsWith("II*\0"u8) || file.StartsWith("MM\0*"u8) || file.StartsWith("II+\0"u8) || file.StartsWith("MM\0+"u8))
            return "a TIFF (or camera raw) file";
        if (file.StartsWith((ReadOnlySpan<byte>)[0xFF, 0x0A]) || (file.Length >= 12 && file[4..].StartsWith("JXL "u8)))
            return "a JPEG XL file";
        if (file.Length >= 12 && file[4..].StartsWith("jP  "u8))
            return "a JPEG 2000 file";
        if (file.StartsWith("8BPS"u8))
            return "a Photoshop file";
        if (file.StartsWith("%PDF"u8))
            return "a PDF document";
        if (file.StartsWith((ReadOnlySpan<byte>)[0, 0, 1, 0]))
            return "an icon file";
        if (file.StartsWith((ReadOnlySpan<byte>)[0x76, 0x2F, 0x31, 0x01]))
            return "an OpenEXR file";
        if (file.StartsWith("PK\x03\x04"u8))
            return "a zip archive";
        var start = file[..Math.Min(file.Length, 4096)];
        return start.IndexOf("<svg"u8) >= 0 ? "an SVG drawing" : null;
    }

    private static string MediaName(ReadOnlySpan<byte> brand) => brand switch
    {
        _ when brand.StartsWith("avi"u8) => "an AVIF file",
        _ when brand.StartsWith("hei"u8) || brand.StartsWith("hev"u8) || brand.SequenceEqual("mif1"u8) ||
            brand.SequenceEqual("msf1"u8) => "a HEIC file",
        _ => "a video or media file",
    };

    private static bool LooksLikeText(ReadOnlySpan<byte> file)
    {
        foreach (var value in file[..Math.Min(file.Length, 512)])
        {
            if (value is < 0x20 and not ((byte)'\t' or (byte)'\n' or (byte)'\r') or 0x7F)
                return false;
        }
        return true;
    }
}
