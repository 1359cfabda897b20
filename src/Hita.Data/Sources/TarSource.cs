using Hita.Imaging;
using Hita.Runtime;
using Microsoft.Win32.SafeHandles;

namespace Hita.Data.Sources;

/// <summary>
/// Image files in tar archives: WebDataset shards, in which <c>key.cls</c> holds the class of <c>key.jpg</c>, or archives of
/// class folders. The archives are gone through once on opening; after that every image is read directly.
/// </summary>
/// <remarks>
/// Classes in <c>.cls</c> files are numbers, whose names may stand in a file <c>classes.txt</c> beside the archives, or names.
/// Without such files the folders that differ between images are the classes; where there are none, there are no classes.
/// Links to members are read as what they lead to. What is left out (links that lead nowhere, further images of a sample,
/// sparse files, hidden files and folders) is counted in the notes, but for what is hidden.
/// </remarks>
public sealed class TarSource : ImageFileSource
{
    private readonly string _path;
    private readonly string[] _archives;
    private readonly SafeFileHandle[] _handles;
    private readonly TarImage[] _images;
    private readonly int[] _classes;
    private readonly string[] _classNames;
    private readonly List<string> _notes;

    private TarSource(string path, string[] archives, TarIndex index, int[] classes, string[] classNames, ImageDecodeOptions options)
        : base(options)
    {
        (_path, _archives, _classes, _classNames, _notes) = (path, archives, classes, classNames, index.Notes);
        _images = [.. index.Images];
        _handles = [.. archives.Select(static a => File.OpenHandle(a))];
    }

    /// <inheritdoc/>
    public override string Description =>
        $"tar {_path}, {FolderSource.Counted(_images.Length, "image")}{(_classNames.Length == 0 ? "" : $" of {FolderSource.Counted(_classNames.Length, "class")}")} in {FolderSource.Counted(_archives.Length, "archive")}";

    /// <inheritdoc/>
    public override int Count => _images.Length;

    /// <inheritdoc/>
    public override IReadOnlyList<string> ClassNames => _classNames;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Notes => _notes;

    /// <summary>Opens archives.</summary>
    /// <param name="path">
    /// An archive, a folder of archives (*.tar, or in its folder <c>data</c> as the hub has them), a pattern such as
    /// <c>shards/train-*.tar</c>, or several: <c>train-{000000..000127}.tar</c>, or names with commas between them.
    /// </param>
    /// <param name="options">How images are decoded; <see cref="ImageDecodeOptions.Photo"/> where null.</param>
    /// <param name="cancellation">Asks to stop.</param>
    /// <exception cref="DataException">There is none, or one is compressed, broken, cut short or without images.</exception>
    public static TarSource Open(string path, ImageDecodeOptions? options = null, CancellationToken cancellation = default)
    {
        var archives = FileSet.Find(path, "*.tar", "tar archives");
        var index = new TarIndex();
        for (var i = 0; i < archives.Length; i++)
            index.Add(archives[i], i, cancellation);
        index.Finish(path);
        if (index.Images.Count == 0)
            throw new DataException(path, "there is no image in it; JPEG, PNG, WebP, GIF and BMP files are read.");
        var (classes, names) = Classes(path, Path.GetDirectoryName(archives[0])!, index);
        return new TarSource(path, archives, index, classes, names, options ?? ImageDecodeOptions.Photo);
    }

    /// <inheritdoc/>
    public override int ClassAt(int index) => _classes[index];

    /// <inheritdoc/>
    public override string NameAt(int index) => $"{_archives[_images[index].Archive]}: {_images[index].Name}";

    private protected override EncodedImage Fetch(int index)
    {
        var image = _images[index];
        var file = Room(index, image.Length);
        try
        {
            StoredBytes.ReadExactly(_handles[image.Archive], file.Room, image.Offset);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private protected override void Close()
    {
        foreach (var handle in _handles)
            handle.Dispose();
    }

    private static (int[] Classes, string[] Names) Classes(string path, string folder, TarIndex index)
    {
        var without = index.Labels.FindIndex(static l => l is null);
        if (without < 0)
            return ClassLabels.From(path, index.Labels!, folder);
        if (index.Labels.Exists(static l => l is not null))
            throw new DataException(path, $"the image {MessageText.Short(index.Images[without].Name)} has no class while others have (a file of the same name that ends in .cls); add it or remove the image.");
        return FromFolders(path, index);
    }

    private static (int[] Classes, string[] Names) FromFolders(string path, TarIndex index)
    {
        var common = Common(index.Images);
        if (index.Images.Exists(p => p.Name.IndexOf('/', common) < 0))
            return (new int[index.Images.Count], []);
        string ClassOf(string name) => name[common..(name + '/').IndexOf('/', common)];
        var filled = index.Images.Select(p => ClassOf(p.Name)).ToHashSet(StringComparer.Ordinal);
        var prefix = index.Images[0].Name[..common];
        var empty = index.Folders.Where(f => f.Length > common && f.StartsWith(prefix, StringComparison.Ordinal)).Select(ClassOf).Where(f => !filled.Contains(f)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        if (empty.Count > 0)
            index.Notes.Add(FolderSource.EmptyClasses(path, empty));
        string[] names = [.. filled.Concat(empty).Order(StringComparer.Ordinal)];
        return ([.. index.Images.Select(p => Array.BinarySearch(names, ClassOf(p.Name), StringComparer.Ordinal))], names);
    }

    // The length of the folders that all images share: they name the set, not a class.
    private static int Common(List<TarImage> images)
    {
        var first = images[0].Name;
        var length = first.LastIndexOf('/') + 1;
        foreach (var (_, name, _, _) in images)
        {
            while (!name.AsSpan().StartsWith(first.AsSpan(0, length), StringComparison.Ordinal))
                length = length < 2 ? 0 : first.LastIndexOf('/', length - 2) + 1;
        }
        return length;
    }
}
