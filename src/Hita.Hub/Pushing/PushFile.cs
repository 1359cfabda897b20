using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Hita.Runtime;

namespace Hita.Hub.Pushing;

/// <summary>A file that goes to the hub: one of the disk, or a text or an image made for it.</summary>
public sealed class PushFile
{
    private readonly byte[]? _bytes;
    private readonly DateTime _written;

    private PushFile(string name, string? path, byte[]? bytes)
    {
        Name = name;
        Path = path;
        _bytes = bytes;
        if (bytes is not null)
        {
            Size = bytes.Length;
            return;
        }
        var info = new FileInfo(path!);
        (Size, _written) = (info.Length, info.LastWriteTimeUtc);
    }

    /// <summary>Its path in the repository, with slashes.</summary>
    public string Name { get; }

    /// <summary>Where it lies; null for one that was made for the hub.</summary>
    public string? Path { get; }

    /// <summary>Its bytes.</summary>
    public long Size { get; }

    /// <summary>A file of the disk.</summary>
    /// <param name="name">Its path in the repository, with slashes.</param>
    /// <param name="path">Where it lies.</param>
    /// <exception cref="IOException">It is not there.</exception>
    public static PushFile Of(string name, string path) => new(Checked(name), path, bytes: null);

    /// <summary>A file that is nowhere else.</summary>
    /// <param name="name">Its path in the repository, with slashes.</param>
    /// <param name="bytes">What it holds.</param>
    public static PushFile Of(string name, byte[] bytes)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        return new PushFile(Checked(name), path: null, bytes);
    }

    /// <summary>The same under another path.</summary>
    internal PushFile Under(string folder) => new(folder + Name, Path, _bytes);

    /// <summary>Opens it for reading.</summary>
    /// <exception cref="HitaException">It cannot be read, or is no longer what it was.</exception>
    internal Stream Open()
    {
        if (_bytes is not null)
            return new MemoryStream(_bytes, writable: false);
        try
        {
            RequireUnchanged();
            return new FileStream(Path!, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.Asynchronous);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HitaException($"{Path}: this file cannot be read: {SystemMessage.Of(e)}.", e);
        }
    }

    /// <summary>Refuses a file that was written to since it was looked at: its hash would be that of something else.</summary>
    /// <exception cref="HitaException">It was.</exception>
    internal void RequireUnchanged()
    {
        if (Path is null)
            return;
        var info = new FileInfo(Path);
        if (!info.Exists || info.Length != Size || info.LastWriteTimeUtc != _written)
            throw new HitaException($"{Path} has changed while it was being pushed, so nothing was committed; push again when nobody writes there.");
    }

    /// <summary>The hashes by which the hub may know it: SHA-256, and that of git.</summary>
    internal async Task<ContentHashes> HashAsync(Action<int> moved, CancellationToken cancellation)
    {
        using var large = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        // What git calls its files by; it protects from accidents alone.
#pragma warning disable CA5350
        using var small = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
#pragma warning restore CA5350
        small.AppendData(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"blob {Size}\0")));
        await using var stream = Open();
        var buffer = new byte[1 << 20];
        for (int length; (length = await stream.ReadAsync(buffer, cancellation).ConfigureAwait(false)) > 0;)
        {
            large.AppendData(buffer, 0, length);
            small.AppendData(buffer, 0, length);
            moved(length);
        }
        return new ContentHashes(Convert.ToHexStringLower(large.GetHashAndReset()), Convert.ToHexStringLower(small.GetHashAndReset()));
    }

    private static string Checked(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return new HubFile(name, 0, new string('0', 40)).IsSafe
            ? name
            : throw new HitaException($"'{PrintableText.Escape(name)}' cannot be the name of a file on the hub; rename the file.");
    }
}

/// <summary>The hashes of a content.</summary>
/// <param name="Sha256">SHA-256, by which large files are known.</param>
/// <param name="Git">The hash of git, by which small ones are.</param>
internal sealed record ContentHashes(string Sha256, string Git)
{
    /// <summary>Whether a file of the hub has this content.</summary>
    public bool IsOf(HubFile file) => file.Hash == (file.Hash.Length == Sha256.Length ? Sha256 : Git);
}
