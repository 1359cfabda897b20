using System.IO.Compression;
using Hita.Runtime;

namespace Hita.Metrics.Archives;

/// <summary>
/// Reads NumPy's archives of arrays (<c>.npz</c>), stored or packed, of any size: nothing but the directory is held.
/// </summary>
/// <remarks>
/// Arrays of Python objects are refused. Arrays may be read one after the other or in turns, but on one thread.
/// </remarks>
public sealed class NpzReader : IDisposable
{
    private const string Extension = ".npy";
    private readonly ZipArchive _archive;
    private readonly Dictionary<string, ZipArchiveEntry> _entries = new(StringComparer.Ordinal);

    private NpzReader(string path, FileStream file)
    {
        Path = path;
        var names = new List<string>();
        try
        {
            _archive = new ZipArchive(file, ZipArchiveMode.Read);
            foreach (var entry in _archive.Entries)
            {
                if (!entry.FullName.EndsWith(Extension, StringComparison.Ordinal))
                    continue;
                var name = entry.FullName[..^Extension.Length];
                if (!_entries.TryAdd(name, entry))
                    throw new ArchiveException(path, $"the archive has two arrays named '{MessageText.Short(name)}'.");
                names.Add(name);
            }
        }
        catch (Exception e) when (ArchiveFaults.IsFault(e))
        {
            throw new ArchiveException(path, "this is not a whole .npz archive; it is something else, is damaged or was cut short.", e);
        }
        Names = names;
    }

    /// <summary>The file, for messages.</summary>
    public string Path { get; }

    /// <summary>The arrays' names, without <c>.npy</c>, in the archive's order.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>Opens an archive.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="ArchiveException">It cannot be opened or is no archive.</exception>
    public static NpzReader Open(string path)
    {
        var file = ArchiveFaults.Open(path);
        try
        {
            return new NpzReader(path, file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Starts reading an array.</summary>
    /// <param name="name">Its name, without <c>.npy</c>.</param>
    /// <exception cref="ArchiveException">There is no such array, or it cannot be read.</exception>
    public NpyReader OpenArray(string name)
    {
        var what = $"the array '{MessageText.Short(name)}'";
        if (!_entries.TryGetValue(name, out var entry))
        {
            throw new ArchiveException(Path, Names.Count == 0
                ? $"the archive has no array '{MessageText.Short(name)}'; it has no arrays at all."
                : $"the archive has no array '{MessageText.Short(name)}'; it has {MessageText.Few(Names, 8)}.");
        }
        if (entry.IsEncrypted)
            throw new ArchiveException(Path, $"{what} is encrypted, which NumPy's archives never are.");
        Stream stream;
        try
        {
            stream = entry.Open();
        }
        catch (Exception e) when (ArchiveFaults.IsFault(e))
        {
            throw ArchiveFaults.Damaged(Path, what, e);
        }
        try
        {
            return new NpyReader(stream, entry.Length, Path, what, entry.Crc32);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>Whether there is an array of this name.</summary>
    /// <param name="name">The name, without <c>.npy</c>.</param>
    public bool Has(string name) => _entries.ContainsKey(name);

    /// <summary>Reads a whole array as float64, from any type of number.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="shape">The sides it must have; null accepts any.</param>
    /// <returns>The values in row-major order.</returns>
    /// <exception cref="ArchiveException">There is no such array, it has other sides, or the file is damaged.</exception>
    public double[] ReadDoubles(string name, IReadOnlyList<long>? shape = null)
    {
        using var array = OpenArray(name);
        if (shape is not null && !array.Header.Shape.SequenceEqual(shape))
            throw new ArchiveException(Path, $"the array '{MessageText.Short(name)}' is {MessageText.Short(array.Header.ShapeText)} where [{string.Join(", ", shape)}] is needed.");
        return array.ReadDoubles();
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _archive.Dispose();
}
