using System.IO.Compression;
using System.Text;

namespace Hita.Tests.Metrics;

/// <summary>NumPy's files made byte by byte, also such as NumPy would not write.</summary>
internal static class NumpyFiles
{
    /// <summary>An array file of version 1.0 with any header and data.</summary>
    public static byte[] Npy(string header, byte[] data)
    {
        var length = (10 + header.Length + 1 + 63) / 64 * 64 - 10;
        var text = Encoding.Latin1.GetBytes(header.PadRight(length - 1) + "\n");
        return [0x93, .. "NUMPY"u8, 1, 0, (byte)length, (byte)(length >> 8), .. text, .. data];
    }

    /// <summary>An archive of members, by another writer than the product's.</summary>
    public static void Zip(string path, CompressionLevel level, params (string Name, byte[] Data)[] members)
    {
        using var zip = new ZipArchive(File.Create(path), ZipArchiveMode.Create);
        foreach (var (name, data) in members)
        {
            using var stream = zip.CreateEntry(name, level).Open();
            stream.Write(data);
        }
    }
}
