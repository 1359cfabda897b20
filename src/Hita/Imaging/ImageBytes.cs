using Hita.Runtime;

namespace Hita.Imaging;

/// <summary>Brings a file or a stream into memory, within a limit and with plain errors.</summary>
internal static class ImageBytes
{
    /// <summary>All bytes of a file.</summary>
    /// <exception cref="ImageException">It is missing, a folder, not readable, or longer than the limit.</exception>
    public static byte[] Read(string path, long max)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (Directory.Exists(path))
            throw new ImageException(path, "This is a folder, not an image; name a file in it.");
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            return Read(stream, path, max);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ImageException(path, "There is no such file.", e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new ImageException(path, "The file may not be read; check its permissions.", e);
        }
        catch (IOException e)
        {
            throw new ImageException(path, $"The file cannot be read: {SystemMessage.Of(e)}.", e);
        }
    }

    /// <summary>All bytes from a stream's position to its end.</summary>
    /// <exception cref="ImageException">There are more than the limit.</exception>
    public static byte[] Read(Stream stream, string name, long max)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (stream.CanSeek && stream.Length - stream.Position is var length and > 0)
        {
            if (length > max)
                throw TooLarge(name, length, max);
            var bytes = new byte[length];
            var read = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            return read == bytes.Length ? bytes : bytes[..read];
        }
        // Pipes, network streams and devices do not tell their length, so that it is counted while reading.
        using var collected = new MemoryStream();
        var buffer = new byte[81920];
        for (int read; (read = stream.Read(buffer)) > 0;)
        {
            if (collected.Length + read > max)
                throw TooLarge(name, null, max);
            collected.Write(buffer.AsSpan(0, read));
        }
        return collected.ToArray();
    }

    /// <summary>The refusal of a file beyond the limit.</summary>
    /// <param name="name">The file.</param>
    /// <param name="length">Its bytes, or null where they were not counted to the end.</param>
    /// <param name="max">The limit in bytes.</param>
    public static ImageException TooLarge(string name, long? length, long max) =>
        new(name, $"The file has {(length is { } count ? $"{count} bytes, " : "")}more than the limit of {max} bytes; make the image smaller or raise the limit.");
}
