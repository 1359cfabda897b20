using System.Globalization;
using Hita.Runtime;

namespace Hita.Data.Conversion;

/// <summary>A file an image, in a folder a class or in one folder.</summary>
internal sealed class FolderSetWriter : IImageSetWriter
{
    // Of the 255 bytes that file systems take; a number may come in front.
    private const int LongestName = 200;

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

    /// <summary>Names of folders for classes, which sorted give the classes their numbers back.</summary>
    public static string[] FolderNames(IReadOnlyList<string> classNames)
    {
        var names = classNames.Select(FolderName).ToArray();
        var sorted = true;
        for (var i = 0; i < names.Length; i++)
            sorted &= names[i].Length > 0 && (i == 0 || string.CompareOrdinal(names[i - 1], names[i]) < 0);
        if (sorted)
            return names;
        var digits = new string('0', (names.Length - 1).ToString(CultureInfo.InvariantCulture).Length);
        return [.. names.Select((name, i) =>
        {
            var number = i.ToString(digits, CultureInfo.InvariantCulture);
            return name.Length == 0 || name == i.ToString(CultureInfo.InvariantCulture) ? number : $"{number}-{name}";
        })];
    }

    // What a file system refuses, what a terminal would obey and what nobody sees becomes an underscore.
    private static string FolderName(string className)
    {
        var safe = string.Concat(className.Select(static c =>
            Path.GetInvalidFileNameChars().Contains(c) || c is '/' or '\\' or ':' || (!char.IsSurrogate(c) && PrintableText.Escape(c.ToString()).Length > 1) ? '_' : c));
        return PrintableText.CutToBytes(safe.Trim().TrimStart('.'), LongestName);
    }
}
