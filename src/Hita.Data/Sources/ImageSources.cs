using Hita.Runtime;

namespace Hita.Data.Sources;

/// <summary>Opens sets of images by what they are.</summary>
public static class ImageSources
{
    /// <summary>The names of the formats, in the order of <see cref="DataFormat"/>, as options and recipes write them.</summary>
    public static IReadOnlyList<string> FormatNames { get; } = ["class-folders", "folder", "tar", "parquet", "lmdb", "materials"];

    /// <summary>A format by its name.</summary>
    /// <param name="name">One of <see cref="FormatNames"/>; upper and lower case are the same.</param>
    /// <exception cref="ConfigException">There is no such format; the message names all.</exception>
    public static DataFormat FormatByName(string name)
    {
        var place = FormatNames.Index().Where(f => string.Equals(f.Item, name, StringComparison.OrdinalIgnoreCase)).Select(static f => f.Index).FirstOrDefault(-1);
        return place >= 0
            ? (DataFormat)place
            : throw new ConfigException("The data format", [$"'{name}' is none; {string.Join(", ", FormatNames)} are possible"]);
    }

    /// <summary>Opens a set of images.</summary>
    /// <param name="path">
    /// A folder of class folders or of images; a tar archive, Parquet file, folder, pattern or list of them, such as
    /// <c>shard-{000..127}.tar</c>; an LMDB folder; or the built-in set: <c>materials</c>, <c>materials:SEED</c>, <c>materials:SEED:FIRST..END</c>.
    /// </param>
    /// <param name="options">The format, if it shall not be recognised from the path, and how images are decoded.</param>
    /// <param name="cancellation">Asks to stop; large archives take a while to go through.</param>
    /// <returns>The source, to be disposed by whoever opened it.</returns>
    /// <exception cref="DataException">It cannot be used; the message says why and what to do.</exception>
    public static IImageSource Open(string path, ImageSourceOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        options ??= new();
        var source = OpenAs(options.Format ?? FormatOf(path), path, options, cancellation);
        return options.Preparation.IsNothing ? source : new PreparedSource(source, options.Preparation);
    }

    /// <summary>As <see cref="Open"/>, on another thread.</summary>
    /// <inheritdoc cref="Open" path="/param"/>
    /// <inheritdoc cref="Open" path="/exception"/>
    public static Task<IImageSource> OpenAsync(string path, ImageSourceOptions? options = null, CancellationToken cancellation = default) =>
        Background.Run(() => Open(path, options, cancellation), cancellation);

    private static IImageSource OpenAs(DataFormat format, string path, ImageSourceOptions options, CancellationToken cancellation) =>
        format switch
        {
            DataFormat.ClassFolders => FolderSource.OpenClasses(path, options.Decoding),
            DataFormat.Folder => FolderSource.OpenPlain(path, options.Decoding),
            DataFormat.Tar => TarSource.Open(path, options.Decoding, cancellation),
            DataFormat.Parquet => ParquetSource.Open(path, options.Decoding, cancellation),
            DataFormat.Lmdb => LmdbSource.Open(path, options.Decoding, cancellation),
            _ => MaterialsName.Open(path, options.MaterialsSize),
        };

    /// <summary>The format that a path is taken for where none is named.</summary>
    /// <param name="path">As for <see cref="Open"/>.</param>
    /// <exception cref="DataException">There is nothing there, or nothing that images are read from.</exception>
    public static DataFormat FormatOf(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (MaterialsName.Is(path))
            return DataFormat.Materials;
        if (!Directory.Exists(path))
            return FormatOfFile(path);
        if (File.Exists(Path.Combine(path, "data.mdb")))
            return DataFormat.Lmdb;
        if (FileSet.FolderOf(path, "*.tar") is not null)
            return DataFormat.Tar;
        if (FileSet.FolderOf(path, "*.parquet") is not null)
            return DataFormat.Parquet;
        return new FolderFiles(path).Folders(path).Exists(f => FolderFiles.HasImage(Path.Combine(path, f))) ? DataFormat.ClassFolders : DataFormat.Folder;
    }

    private static DataFormat FormatOfFile(string path)
    {
        var name = Path.GetFileName(path);
        if (!File.Exists(path) && FilePatterns.Is(path))
            name = Path.GetFileName(FilePatterns.Expand(path).FirstOrDefault(""));
        else if (!File.Exists(path) && !FileSet.IsPattern(path))
            throw new DataException(path, $"there is no such file or folder{(Path.GetFileName(path) == path ? ", and the built-in set is called materials" : "")}.");
        return name.ToUpperInvariant() switch
        {
            var n when n.EndsWith(".TAR", StringComparison.Ordinal) || n.Contains(".TAR.", StringComparison.Ordinal) || n.EndsWith(".TGZ", StringComparison.Ordinal) => DataFormat.Tar,
            var n when n.EndsWith(".PARQUET", StringComparison.Ordinal) => DataFormat.Parquet,
            var n when n.EndsWith(".MDB", StringComparison.Ordinal) || n.EndsWith(".LMDB", StringComparison.Ordinal) => DataFormat.Lmdb,
            _ => throw new DataException(path, "this is no set of images by its name; a folder, *.tar, *.parquet and data.mdb are read, and the format can be named."),
        };
    }
}
