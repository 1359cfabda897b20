using System.Formats.Tar;
using System.Globalization;
using System.Text;

namespace Hita.Data.Conversion;

/// <summary>WebDataset shards: for each image a file with the image and one with the number of its class.</summary>
internal sealed class TarSetWriter(string folder, bool hasClasses, int imagesPerShard) : IImageSetWriter
{
    private TarWriter? _archive;
    private FileStream? _stream;
    private int _shard = -1;

    public void Add(int number, ReadOnlySpan<byte> file, string extension, int label)
    {
        if (number / imagesPerShard != _shard)
            Begin(number / imagesPerShard);
        var key = number.ToString("00000000", CultureInfo.InvariantCulture);
        Write(key + extension, file.ToArray());
        if (hasClasses)
            Write(key + ".cls", Encoding.ASCII.GetBytes(label.ToString(CultureInfo.InvariantCulture)));
    }

    public void Complete() => End();

    public void Dispose()
    {
        _archive?.Dispose();
        _stream?.Dispose();
    }

    private void Begin(int shard)
    {
        End();
        _shard = shard;
        _stream = new FileStream(Path.Combine(folder, shard.ToString("00000", CultureInfo.InvariantCulture) + ".tar"), FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16);
        _archive = new TarWriter(_stream, TarEntryFormat.Ustar, leaveOpen: true);
    }

    private void End()
    {
        _archive?.Dispose();
        _stream?.Flush(flushToDisk: true);
        _stream?.Dispose();
        (_archive, _stream) = (null, null);
    }

    // No time of writing: the same set makes the same archive.
    private void Write(string name, byte[] bytes) => _archive!.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, name)
    {
        DataStream = new MemoryStream(bytes),
        ModificationTime = DateTimeOffset.UnixEpoch,
    });
}
