using System.Globalization;
using System.Text;
using Hita.Imaging;
using Hita.Runtime;

namespace Hita.Data.Sources;

/// <summary>
/// The published LMDB layout: under the keys "0", "1", … a pickled <c>{'image': bytes, 'label': int}</c>, under
/// <c>num_samples</c> how many there are.
/// </summary>
/// <remarks>
/// Other keys of a record are left out, with a note. Where the file holds one database with a name and no records beside it, that
/// one is read. Classes are numbers (NumPy's too), whose names may stand in a file <c>classes.txt</c> beside the database; without that file the first
/// question for the classes goes through all records' labels, once.
/// </remarks>
public sealed class LmdbSource : ImageFileSource
{
    private const string CountKey = "num_samples";

    private readonly string _path;
    private readonly LmdbFile _file;
    private readonly LmdbValue[] _records;
    private readonly string[]? _namedClasses;
    private readonly Lazy<string[]> _classNames;
    private readonly List<string> _notes = [];

    private LmdbSource(string path, LmdbFile file, LmdbValue[] records, ImageDecodeOptions options)
        : base(options)
    {
        (_path, _file, _records) = (path, file, records);
        _namedClasses = ClassNameFile.Read(Directory.Exists(path) ? path : Path.GetDirectoryName(Path.GetFullPath(path))!);
        _classNames = new Lazy<string[]>(() => _namedClasses ?? CountedClasses());
    }

    /// <inheritdoc/>
    public override string Description => $"LMDB {_path}, {FolderSource.Counted(_records.Length, "image")}";

    /// <inheritdoc/>
    public override int Count => _records.Length;

    /// <inheritdoc/>
    public override IReadOnlyList<string> ClassNames => _classNames.Value;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Notes => _notes;

    /// <summary>Opens a database.</summary>
    /// <param name="path">The folder with <c>data.mdb</c> in it, or that file.</param>
    /// <param name="options">How images are decoded; <see cref="ImageDecodeOptions.Photo"/> where null.</param>
    /// <param name="cancellation">Asks to stop.</param>
    /// <exception cref="DataException">There is none, it is damaged or cut short, or it holds no images.</exception>
    public static LmdbSource Open(string path, ImageDecodeOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var data = Directory.Exists(path) ? Path.Combine(path, "data.mdb") : path;
        if (!File.Exists(data))
            throw new DataException(path, Directory.Exists(path) ? "there is no data.mdb in this folder." : "there is no such file or folder.");
        var file = new LmdbFile(data);
        try
        {
            var found = new Dictionary<int, LmdbValue>();
            long? stated = null;
            void Add(ReadOnlySpan<byte> key, LmdbValue value)
            {
                if (key.SequenceEqual(Encoding.ASCII.GetBytes(CountKey)))
                    stated = ReadCount(path, file, value);
                else if (key.Length is > 0 and <= 10 && int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out var index))
                    found[index] = value;
            }
            file.ForEach(Add, cancellation);
            if (file.Databases.Count > 0)
                EnterDatabase(path, file, found.Count, Add, cancellation);
            return Create(path, file, found, stated, options ?? ImageDecodeOptions.Photo);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override int ClassAt(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
        if (Find(index).Label is not { } label)
            throw new DataException(_path, $"record {index} has no label: {Find(index).Instead ?? "it is no pickle"}; a pickle of {{'image': bytes, 'label': int}} is read.");
        return _namedClasses is { } names && label >= names.Length
            ? throw new DataException(_path, $"record {index} is of class {label}, where {ClassNameFile.Name} names {names.Length}; add the missing lines or remove that file.")
            : ClassLabels.Checked(_path, label);
    }

    /// <inheritdoc/>
    public override string NameAt(int index) => string.Create(CultureInfo.InvariantCulture, $"{_path}: record {index}");

    private protected override EncodedImage Fetch(int index)
    {
        var stored = Find(index).Image ?? throw new ImageException(NameAt(index), $"There is no image in it: {Find(index).Instead ?? "it is no pickle"}; a pickle of {{'image': bytes, 'label': int}} is read.");
        var image = Room(index, stored.Length);
        try
        {
            _file.Read(stored.Offset, image.Room);
            return image;
        }
        catch
        {
            image.Dispose();
            throw;
        }
    }

    private protected override void Close() => _file.Dispose();

    private static LmdbSource Create(string path, LmdbFile file, Dictionary<int, LmdbValue> found, long? stated, ImageDecodeOptions options)
    {
        if (found.Count == 0)
            throw new DataException(path, "this database holds no images: there are no records named 0, 1, ….");
        var records = new LmdbValue[Math.Min(stated ?? found.Count, (long)found.Count)];
        for (var i = 0; i < records.Length; i++)
        {
            if (!found.TryGetValue(i, out records[i]))
                throw new DataException(path, $"record {i} is missing among {found.Count}; the database was not written to its end.");
        }
        if (stated > found.Count)
            throw new DataException(path, $"{CountKey} says {stated}, but there are {found.Count} records; the database was not written to its end.");
        var source = new LmdbSource(path, file, records, options);
        if (stated is null)
            source._notes.Add($"{path}: there is no {CountKey} in this database; the {records.Length} records that are there are taken.");
        var first = source.Find(0);
        if (first.Image is null)
            throw new DataException(path, $"its records are not pickles of {{'image': bytes, 'label': int}}{(first.Instead is { } instead ? $": in the first one, {instead}" : "")}.");
        if (first.Others is { Count: > 0 } others)
            source._notes.Add($"{path}: the records hold more than 'image' and 'label' ({MessageText.Few(others)}), which is left out.");
        return source;
    }

    // Programs that keep several things in one file put each into a database with a name.
    private static void EnterDatabase(string path, LmdbFile file, int found, RecordAction add, CancellationToken cancellation)
    {
        var names = file.Databases;
        if (found > 0)
            return;
        if (names.Count > 1)
            throw new DataException(path, $"this file holds {names.Count} databases with names ({MessageText.Few(names)}), of which it is not clear which one is meant; copy the one with the images into a file of its own.");
        file.ForEachIn(0, add, cancellation);
    }

    private static long ReadCount(string path, LmdbFile file, LmdbValue value)
    {
        Span<byte> text = stackalloc byte[24];
        if (value.Length is > 0 and <= 24)
        {
            text = text[..(int)value.Length];
            file.Read(value.Offset, text);
            if (long.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var count) && count > 0)
                return count;
        }
        throw new DataException(path, $"{CountKey} is not a number above 0; the database is damaged or of another kind.");
    }

    // A record that no longer says where its image is has none; whoever asks says so.
    private PickledSample Find(int index) => PickledSample.Find(_file, _records[index]) ?? default;

    private string[] CountedClasses()
    {
        var highest = -1;
        for (var i = 0; i < Count; i++)
        {
            // A record without a label is found out, and named, when it is read.
            if (Find(i).Label is { } label)
                highest = Math.Max(highest, ClassLabels.Checked(_path, label));
        }
        return ClassNameFile.Numbers(highest + 1);
    }
}
