using System.Globalization;
using System.Text.Json;
using Parquet;
using Parquet.Schema;

namespace Hita.Data.Conversion;

/// <summary>Parquet files as the hub stores sets of images.</summary>
internal sealed class ParquetSetWriter : IImageSetWriter
{
    // A group of rows is read and unpacked in one piece: small groups make shuffled reading cheap.
    private const int MaxRows = 1000;
    private const long MaxBytes = 32 << 20;

    private readonly string _folder;
    private readonly int _imagesPerShard;
    private readonly Dictionary<string, string> _description;
    private readonly DataField _image = new("bytes", typeof(byte[]), isNullable: true);
    private readonly DataField _path = new("path", typeof(string), isNullable: true);
    private readonly DataField? _label;
    private readonly ParquetSchema _schema;
    private readonly List<byte[]> _images = [];
    private readonly List<string> _paths = [];
    private readonly List<long> _labels = [];
    private FileStream? _stream;
    private ParquetWriter? _writer;
    private long _bytes;
    private int _shard = -1;

    public ParquetSetWriter(string folder, IReadOnlyList<string> classNames, int imagesPerShard)
    {
        (_folder, _imagesPerShard) = (folder, imagesPerShard);
        var image = new StructField("image", _image, _path);
        if (classNames.Count > 0)
            _label = new DataField<long>("label");
        _schema = _label is null ? new ParquetSchema(image) : new ParquetSchema(image, _label);
        var features = new Dictionary<string, object> { ["image"] = new Dictionary<string, object> { ["_type"] = "Image" } };
        if (_label is not null)
            features["label"] = new Dictionary<string, object> { ["names"] = classNames, ["_type"] = "ClassLabel" };
        _description = new() { ["huggingface"] = JsonSerializer.Serialize(new { info = new { features } }) };
    }

    public void Add(int number, ReadOnlySpan<byte> file, string extension, int label)
    {
        if (number / _imagesPerShard != _shard)
            Begin(number / _imagesPerShard);
        _images.Add(file.ToArray());
        _paths.Add(number.ToString("00000000", CultureInfo.InvariantCulture) + extension);
        _labels.Add(label);
        _bytes += file.Length;
        if (_images.Count == MaxRows || _bytes >= MaxBytes)
            FlushAsync().GetAwaiter().GetResult();
    }

    public void Complete() => EndAsync().GetAwaiter().GetResult();

    public void Dispose() => _stream?.Dispose();

    private void Begin(int shard)
    {
        EndAsync().GetAwaiter().GetResult();
        _shard = shard;
        _stream = new FileStream(Path.Combine(_folder, shard.ToString("00000", CultureInfo.InvariantCulture) + ".parquet"), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 1 << 16);
        // Image files do not shrink any further.
        _writer = ParquetWriter.CreateAsync(_schema, _stream, new ParquetOptions { CompressionMethod = CompressionMethod.None }).GetAwaiter().GetResult();
        _writer.CustomMetadata = _description;
    }

    private async Task FlushAsync()
    {
        if (_images.Count == 0)
            return;
        using (var group = _writer!.CreateRowGroup())
        {
            await group.WriteAsync(_image, _images).ConfigureAwait(false);
            await group.WriteAsync(_path, _paths).ConfigureAwait(false);
            if (_label is not null)
                await group.WriteAsync<long>(_label, _labels.ToArray()).ConfigureAwait(false);
            group.CompleteValidate();
        }
        _images.Clear();
        _paths.Clear();
        _labels.Clear();
        _bytes = 0;
    }

    private async Task EndAsync()
    {
        if (_writer is null)
            return;
        await FlushAsync().ConfigureAwait(false);
        await _writer.DisposeAsync().ConfigureAwait(false);
        _stream!.Flush(flushToDisk: true);
        await _stream.DisposeAsync().ConfigureAwait(false);
        (_writer, _stream) = (null, null);
    }
}
