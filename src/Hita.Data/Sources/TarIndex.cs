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
    private const int MinArchiveBytes = 1024;
    private readonly OtherEndings _others = new();

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
            if (stream.Length < MinArchiveBytes)
                throw CutShort(path, null, null);
            Scan(path, archive, stream, cancellation);
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
            throw new DataException(path, $"the archive cannot be read: {SystemMessage.Of(e)}.", e);
        }
        catch (Exception e) when (e is InvalidDataException or FormatException or ArgumentException or OverflowException or NotSupportedException or InvalidOperationException)
        {
            throw new DataException(path, $"this is no tar archive, or a broken one{After(Last(archive))}; fetch or make it again.", e);
        }
    }

    /// <summary>Adds what is to be said about all archives together.</summary>
    /// <param name="path">The set.</param>
    public void Finish(string path)
    {
        if (_others.Note(path) is { } note)
            Notes.Add(note);
    }

    /// <summary>A path in an archive as this index keeps it: with slashes, without a leading "./" and a final slash.</summary>
    public static string Normal(string name)
    {
        var path = name.Replace('\\', '/').TrimEnd('/');
        while (path.StartsWith("./", StringComparison.Ordinal))
            path = path[2..];
        return path == "." ? "" : path.TrimStart('/');
    }

    // Systems and programs leave hidden files, and hidden folders of copies, beside those that are meant.
    private static bool IsHidden(string name) =>
        name.Split('/').Any(static part => part.StartsWith('.') && part is not (".." or ".")) || name.StartsWith("__MACOSX/", StringComparison.Ordinal);

    private void Scan(string path, int archive, FileStream stream, CancellationToken cancellation)
    {
        var members = new TarMembers(stream);
        var scan = new TarScan();
        foreach (var member in members.Read())
        {
            cancellation.ThrowIfCancellationRequested();
            var name = Normal(member.Name);
            if (name.Length == 0 || IsHidden(name))
                continue;
            if (member.Kind == TarMemberKind.File && member.Length > 0 && member.Offset + member.Length > stream.Length)
                throw CutShort(path, name, null);
            if (member.Kind == TarMemberKind.Folder)
                Folders.Add(name);
            else if (ImageDecoder.HasImageExtension(name))
                scan.AddImage(name, member);
            else if (name.EndsWith(ClassExtension, StringComparison.Ordinal))
                scan.AddClass(name, member, member.Kind == TarMemberKind.File ? Label(path, name, member, stream) : null);
            else
                AddOther(scan, name, member);
        }
        scan.ResolveLinks(Folders, wanted => Places(stream, wanted));
        var samples = TarSamples.Of(path, [.. scan.Images.Where(static p => p.Offset >= 0)], scan.Labels);
        foreach (var (image, label) in samples.Taken)
        {
            Images.Add(new TarImage(archive, image.Name, image.Offset, image.Length));
            Labels.Add(label);
        }
        Notes.AddRange(scan.Notes(path));
        if (samples.Note(path) is { } further)
            Notes.Add(further);
        NoteEnd(path, members);
    }

    private void AddOther(TarScan scan, string name, TarMember member)
    {
        scan.AddOther(name, member);
        if (member.Kind is TarMemberKind.File)
            _others.Add(name);
    }

    // Links may lead to files that are no images by their names, whose places are only sought when there are such links.
    private static Dictionary<string, TarMember> Places(FileStream stream, HashSet<string> wanted)
    {
        var found = new Dictionary<string, TarMember>(StringComparer.Ordinal);
        foreach (var member in new TarMembers(stream).Read())
        {
            if (member.Kind == TarMemberKind.File && Normal(member.Name) is var name && wanted.Contains(name))
                found[name] = member;
        }
        return found;
    }

    private static string Label(string path, string name, TarMember member, FileStream stream)
    {
        if (member.Length is 0 or > MaxClassBytes)
            throw new DataException(path, $"the class in {MessageText.Short(name)} is {(member.Length == 0 ? "empty" : "too long")}; it must hold a number or a name.");
        var bytes = new byte[member.Length];
        StoredBytes.ReadExactly(stream.SafeFileHandle, bytes, member.Offset);
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
    private void NoteEnd(string path, TarMembers members)
    {
        if (!members.HasEnd)
            Notes.Add($"{path}: the archive has no end mark; it may be cut short.");
        if (members.StrangeBytes > 0)
            Notes.Add($"{path}: the last {members.StrangeBytes} bytes, behind the archive's end, are no archive and are left out.");
    }

    private string? Last(int archive) =>
        Images.Count > 0 && Images[^1].Archive == archive ? Images[^1].Name : null;

    private static string After(string? name) => name is null ? "" : $" after {MessageText.Short(name)}";

    private static DataException CutShort(string path, string? name, Exception? inner) =>
        new(path, $"the archive is cut short{(name is null ? "" : $" in or after {MessageText.Short(name)}")}; fetch or make it again.", inner);
}
