using System.Formats.Tar;
using System.Text;
using Hita.Imaging;
using Hita.Runtime;

namespace Hita.Data.Sources;

/// <summary>An image file inside a tar archive.</summary>
/// <param name="Archive">Which of the archives.</param>
/// <param name="Name">Its path in the archive.</param>
/// <param name="Offset">Its first byte in the archive.</param>
/// <param name="Length">Its bytes.</param>
internal readonly record struct TarImage(int Archive, string Name, long Offset, long Length);

/// <summary>What the archives of a set hold, found by going from header to header; images are not read.</summary>
internal sealed class TarIndex
{
    private const string ClassExtension = ".cls";
    private const int MaxClassBytes = 4096;
    private const int Block = 512;

    /// <summary>The images in the order in which they are stored.</summary>
    public List<TarImage> Images { get; } = [];

    /// <summary>What a file "key.cls" says of the image with the same key, for each image; null where there is none.</summary>
    public List<string?> Labels { get; } = [];

    /// <summary>The folders that are stored as such, with or without images.</summary>
    public HashSet<string> Folders { get; } = new(StringComparer.Ordinal);

    /// <summary>Sentences about archives that can be read but look odd.</summary>
    public List<string> Notes { get; } = [];

    /// <summary>Adds an archive.</summary>
    /// <param name="path">The archive.</param>
    /// <param name="archive">Its number.</param>
    /// <param name="cancellation">Asks to stop.</param>
    /// <exception cref="DataException">It is no tar archive, compressed, broken or cut short.</exception>
    public void Add(string path, int archive, CancellationToken cancellation)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1 << 14);
            RefuseCompressed(path, stream);
            Scan(path, archive, stream, cancellation);
            NoteMissingEnd(path, stream);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new DataException(path, "there is no such file.", e);
        }
        catch (EndOfStreamException e)
        {
            throw CutShort(path, Last(archive), e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataException(path, $"the archive cannot be read: {e.Message.TrimEnd('.')}.", e);
        }
        catch (Exception e) when (e is InvalidDataException or FormatException or ArgumentException or OverflowException or NotSupportedException or InvalidOperationException)
        {
            throw new DataException(path, $"this is no tar archive, or a broken one{After(Last(archive))}; fetch or make it again.", e);
        }
    }

    /// <summary>A path in an archive as this index keeps it: with slashes, without a leading "./" and a final slash.</summary>
    public static string Normal(string name)
    {
        var path = name.Replace('\\', '/').TrimEnd('/');
        while (path.StartsWith("./", StringComparison.Ordinal))
            path = path[2..];
        return path == "." ? "" : path.TrimStart('/');
    }

    private void Scan(string path, int archive, FileStream stream, CancellationToken cancellation)
    {
        var start = Images.Count;
        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        using var reader = new TarReader(stream, leaveOpen: true);
        while (reader.GetNextEntry() is { } entry)
        {
            cancellation.ThrowIfCancellationRequested();
            var name = Normal(entry.Name);
            if (entry.EntryType == TarEntryType.Directory && name.Length > 0)
                Folders.Add(name);
            if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile) || Path.GetFileName(name.AsSpan()).StartsWith('.'))
                continue;
            if (entry.Length > 0 && entry.DataOffset + entry.Length > stream.Length)
                throw CutShort(path, name, null);
            if (ImageDecoder.HasImageExtension(name))
                Images.Add(new TarImage(archive, name, entry.DataOffset, entry.Length));
            else if (name.EndsWith(ClassExtension, StringComparison.Ordinal))
                labels[Key(name)] = Label(path, name, entry);
        }
        for (var i = start; i < Images.Count; i++)
            Labels.Add(labels.GetValueOrDefault(Key(Images[i].Name)));
    }

    // In this convention a sample's key ends at the first dot of the file's name.
    private static string Key(string name)
    {
        var file = name.LastIndexOf('/') + 1;
        var dot = name.IndexOf('.', file);
        return dot < 0 ? name : name[..dot];
    }

    private static string Label(string path, string name, TarEntry entry)
    {
        if (entry.DataStream is not { } data || entry.Length is 0 or > MaxClassBytes)
            throw new DataException(path, $"the class in {name} is {(entry.Length == 0 ? "empty" : "too long")}; it must hold a number or a name.");
        var bytes = new byte[entry.Length];
        data.ReadExactly(bytes);
        return Encoding.UTF8.GetString(bytes).Trim();
    }

    private static void RefuseCompressed(string path, FileStream stream)
    {
        Span<byte> start = stackalloc byte[4];
        var length = stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        stream.Position = 0;
        if (length == 0)
            throw new DataException(path, "the file is empty.");
        var (kind, command) = start switch
        {
            [0x1F, 0x8B, ..] => ("gzip", "gunzip"),
            [0x28, 0xB5, 0x2F, 0xFD] => ("zstd", "unzstd"),
            [(byte)'B', (byte)'Z', (byte)'h', _] => ("bzip2", "bunzip2"),
            [0xFD, (byte)'7', (byte)'z', (byte)'X'] => ("xz", "unxz"),
            _ => ("", ""),
        };
        if (kind.Length > 0)
            throw new DataException(path, $"the archive is compressed with {kind}, so that images cannot be reached directly; decompress it first ({command}); images hardly shrink by it.");
    }

    // An archive ends with two blocks of zeros. One that was cut exactly between two files cannot be told otherwise.
    private void NoteMissingEnd(string path, FileStream stream)
    {
        Span<byte> end = stackalloc byte[Block];
        if (stream.Length < 2 * Block)
            throw CutShort(path, null, null);
        stream.Position = stream.Length - Block;
        stream.ReadExactly(end);
        if (end.ContainsAnyExcept((byte)0))
            Notes.Add($"{path}: the archive has no end mark; it may be cut short.");
    }

    private string? Last(int archive) =>
        Images.Count > 0 && Images[^1].Archive == archive ? Images[^1].Name : null;

    private static string After(string? name) => name is null ? "" : $" after {name}";

    private static DataException CutShort(string path, string? name, Exception? inner) =>
        new(path, $"the archive is cut short{(name is null ? "" : $" in or after {name}")}; fetch or make it again.", inner);
}
