using System.Buffers.Binary;

namespace Hita.Imaging;

/// <summary>Finds the first frame of a GIF file, whose size counts where the header states none.</summary>
internal static class GifFrame
{
    private const byte Extension = 0x21;
    private const byte Descriptor = 0x2C;
    private const int HeaderBytes = 13;

    /// <summary>The size of the first frame; null where there is none.</summary>
    /// <param name="file">The whole file.</param>
    public static (int Width, int Height)? FirstSize(ReadOnlySpan<byte> file)
    {
        if (file.Length < HeaderBytes)
            return null;
        var at = HeaderBytes + ((file[10] & 0x80) == 0 ? 0 : 3 << ((file[10] & 7) + 1));
        while (at < file.Length)
        {
            if (file[at] == Descriptor)
            {
                return file.Length - at < 10
                    ? null
                    : (BinaryPrimitives.ReadUInt16LittleEndian(file[(at + 5)..]), BinaryPrimitives.ReadUInt16LittleEndian(file[(at + 7)..]));
            }
            if (file[at] != Extension)
                return null;
            // Blocks of a length each, up to an empty one.
            at += 2;
            while (at < file.Length && file[at] != 0)
                at += 1 + file[at];
            at++;
        }
        return null;
    }
}
