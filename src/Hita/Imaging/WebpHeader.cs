using Hita.Runtime;
using SkiaSharp;

namespace Hita.Imaging;

/// <summary>Reads the size and the orientation that a WebP file states, by the image library, which decodes no pixel for them.</summary>
internal static class WebpHeader
{
    /// <summary>The header, or null where there is none.</summary>
    /// <param name="file">The whole file, from its RIFF mark.</param>
    public static unsafe ImageHeader? Read(ReadOnlySpan<byte> file)
    {
        SkiaLibrary.Load();
        fixed (byte* start = file)
        {
            using var data = SKData.Create((nint)start, file.Length);
            using var codec = SKCodec.Create(data);
            // One colour takes no bits at all in the lossless form, so that the file's length promises nothing.
            return codec is null ? null : new(ImageFormat.Webp, codec.Info.Width, codec.Info.Height, (int)codec.EncodedOrigin, long.MaxValue);
        }
    }
}
