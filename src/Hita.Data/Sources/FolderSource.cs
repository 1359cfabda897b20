using Hita.Imaging;
using Hita.Runtime;
using Microsoft.Win32.SafeHandles;

namespace Hita.Data.Sources;

/// <summary>Image files in a folder: a folder a class, or one folder without classes.</summary>
/// <remarks>
/// With classes, the folders' names, sorted by their characters' codes, are the classes; images may lie deeper inside a
/// class's folder. Files are told by their extensions (.jpg, .jpeg, .jpe, .jfif, .png, .webp, .gif, .bmp). Hidden files
/// and folders are left out; files of other kinds and names that cannot be reached are left out and counted in the notes.
/// </remarks>
public sealed class FolderSource : ImageFileSource
{
    /// <summary>What the parts of a set are usually called.</summary>
    internal static readonly string[] SplitNames = ["train", "training", "val", "valid", "validation", "test", "testing"];

    private readonly string _root;
    private readonly string[] _files;
    private readonly int[] _classStarts;
    private readonly string[] _classNames;
    private readonly List<string> _notes = [];

    private FolderSource(string root, string[] files, string[] classNames, int[] classStarts, ImageDecodeOptions options)
        : base(options) =>
        (_root, _files, _classNames, _classStarts) = (root, files, classNames, classStarts);

    /// <inheritdoc/>
    public override string Description => _classNames.Length == 0
        ? $"folder {_root}, {Counted(_files.Length, "image")}"
        : $"class folders {_root}, {Counted(_files.Length, "image")} of {Counted(_classNames.Length, "class")}";

    /// <inheritdoc/>
    public override int Count => _files.Length;

    /// <inheritdoc/>
    public override IReadOnlyList<string> ClassNames => _classNames;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Notes => _notes;

    /// <summary>Opens a folder that holds a folder a class.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="options">How images are decoded; <see cref="ImageDecodeOptions.Photo"/> where null.</param>
    /// <exception cref="DataException">There is no such folder, or no image in its folders.</exception>
    public static FolderSource OpenClasses(string folder, ImageDecodeOptions? options = null)
    {
        CheckExists(folder);
        var listing = new FolderFiles(folder);
        var names = listing.Folders(folder);
        if (names.Count == 0)
            throw new DataException(folder, "there are no class folders in it; put the images of each class into a folder of their own, or read it as a plain folder.");
        RefuseSplits(folder, names);
        var files = new List<string>();
        var starts = new int[names.Count + 1];
        for (var i = 0; i < names.Count; i++)
        {
            files.AddRange(listing.Images(Path.Combine(folder, names[i])).Select(file => Path.Combine(names[i], file)));
            starts[i + 1] = files.Count;
        }
        if (files.Count == 0)
            throw new DataException(folder, $"no image lies in its {Counted(names.Count, "class folder")}; {ImageKinds}{Unread(listing)}.");
        var source = new FolderSource(folder, [.. files], [.. names], starts, options ?? ImageDecodeOptions.Photo);
        source.Note(listing.CountHere(folder));
        source._notes.AddRange(listing.Notes());
        return source;
    }

    /// <summary>Opens a folder of images, at any depth, without classes.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="options">How images are decoded; <see cref="ImageDecodeOptions.Photo"/> where null.</param>
    /// <exception cref="DataException">There is no such folder, or no image in it.</exception>
    public static FolderSource OpenPlain(string folder, ImageDecodeOptions? options = null)
    {
        CheckExists(folder);
        var listing = new FolderFiles(folder);
        var files = listing.Images(folder);
        if (files.Count == 0)
            throw new DataException(folder, $"there is no image in this folder; {ImageKinds}{Unread(listing)}.");
        var source = new FolderSource(folder, [.. files], [], [0, files.Count], options ?? ImageDecodeOptions.Photo);
        source._notes.AddRange(listing.Notes());
        return source;
    }

    /// <inheritdoc/>
    public override int ClassAt(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
        var found = Array.BinarySearch(_classStarts, index);
        if (found < 0)
            return ~found - 1;
        // An empty class begins where the next one does; the image belongs to the last that begins here.
        while (found + 1 < _classNames.Length && _classStarts[found + 1] == index)
            found++;
        return found;
    }

    /// <inheritdoc/>
    public override string NameAt(int index) => Path.Combine(_root, _files[index]);

    private static string ImageKinds => "JPEG, PNG, WebP, GIF and BMP files are read";

    private static string Unread(FolderFiles listing) =>
        listing.Others.Count == 0 ? "" : $", and not those of other kinds that lie here ({listing.Others.Kinds})";

    private protected override EncodedImage Fetch(int index)
    {
        using SafeFileHandle handle = File.OpenHandle(NameAt(index));
        var length = RandomAccess.GetLength(handle);
        var file = Room(index, length);
        try
        {
            StoredBytes.ReadExactly(handle, file.Room, 0);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    internal static string Counted(int count, string noun) =>
        Counted(count, noun, noun.EndsWith('s') ? $"{noun}es" : $"{noun}s");

    internal static string Counted(int count, string one, string many) => count == 1 ? $"1 {one}" : $"{count} {many}";

    /// <summary>The sentence about classes without an image.</summary>
    internal static string EmptyClasses(string path, List<string> empty)
    {
        var shown = string.Join(", ", empty.Take(5).Select(MessageText.Short)) + (empty.Count > 5 ? ", …" : "");
        var (keep, them) = empty.Count == 1 ? ("it keeps its number", "it") : ("they keep their numbers", "them");
        return $"{path}: {Counted(empty.Count, "class folder")} without an image ({shown}); {keep}, but nothing can be learned of {them}.";
    }

    internal static void CheckExists(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        if (File.Exists(folder))
            throw new DataException(folder, "this is a file where a folder of images is asked for.");
        if (!Directory.Exists(folder))
            throw new DataException(folder, "there is no such folder.");
    }

    // Taking "train" and "val" for two classes would train for days on nonsense.
    private static void RefuseSplits(string folder, List<string> names)
    {
        if (names.Count <= SplitNames.Length && names.All(static n => SplitNames.Contains(n, StringComparer.OrdinalIgnoreCase)))
        {
            var first = names.Find(static n => n.StartsWith("train", StringComparison.OrdinalIgnoreCase)) ?? names[0];
            throw new DataException(folder, $"its folders ({string.Join(", ", names)}) are parts of a set and not classes; open one of them, such as {Path.Combine(folder, first)}.");
        }
    }

    private void Note(int beside)
    {
        var empty = Enumerable.Range(0, _classNames.Length).Where(i => _classStarts[i] == _classStarts[i + 1]).Select(i => _classNames[i]).ToList();
        if (empty.Count > 0)
            _notes.Add(EmptyClasses(_root, empty));
        if (beside > 0)
            _notes.Add($"{_root}: {Counted(beside, "image")} beside the class folders {(beside == 1 ? "is" : "are")} left out.");
    }
}
