using System.Globalization;
using Hita.Runtime;

namespace Hita.Data.Conversion;

/// <summary>A file an image, in a folder a class or in one folder.</summary>
internal sealed class FolderSetWriter : IImageSetWriter
{
    private readonly string _folder;
    private readonly string[] _classFolders;

    public FolderSetWriter(string folder, IReadOnlyList<string> classNames)
    {
        _folder = folder;
        _classFolders = FolderNames(classNames);
        foreach (var name in _classFolders)
            Directory.CreateDirectory(Path.Combine(folder, name));
    }

    public void Add(int number, ReadOnlySpan<byte> file, string extension, int label)
    {
        var folder = _classFolders.Length == 0 ? _folder : Path.Combine(_folder, _classFolders[label]);
        var name = number.ToString("00000000", CultureInfo.InvariantCulture) + extension;
        using var handle = File.OpenHandle(Path.Combine(folder, name), FileMode.CreateNew, FileAccess.Write, preallocationSize: file.Length);
        RandomAccess.Write(handle, file, 0);
    }

    public void Complete()
    {
    }

    public void Dispose()
    {
    }

    /// <summary>Names of folders for classes, which sorted give the classes their numbers back. No two are equal, also where upper and lower case are the same.</summary>
    public static string[] FolderNames(IReadOnlyList<string> classNames)
    {
        var names = classNames.Select(static n => FileNameText.Safe(n)).ToArray();
        var sorted = names.Distinct(StringComparer.OrdinalIgnoreCase).Count() == names.Length;
        for (var i = 0; i < names.Length; i++)
            sorted &= names[i].Length > 0 && (i == 0 || string.CompareOrdinal(names[i - 1], names[i]) < 0);
        if (sorted)
            return names;
        var digits = new string('0', (names.Length - 1).ToString(CultureInfo.InvariantCulture).Length);
        return [.. names.Select((name, i) =>
        {
            var number = i.ToString(digits, CultureInfo.InvariantCulture);
            return name.Length == 0 || name == i.ToString(CultureInfo.InvariantCulture) ? number : $"{number}-{FileNameText.Cut(name, FileNameText.MaxNameBytes - number.Length - 1)}";
        })];
    }
}
