using System.Buffers.Binary;
using System.Text.Json;
using Hita.Runtime;

namespace Hita.Checkpoints;

/// <summary>The JSON header of a safetensors file, fully checked against the file's length.</summary>
internal sealed class SafetensorsHeader
{
    /// <summary>The format's own bound on the header, in bytes.</summary>
    public const int MaxBytes = 100_000_000;
    private const int MaxDimensions = 64;
    private const int TensorCost = 320;
    private const int TextCost = 80;

    private readonly string _path;
    private readonly AllocationBudget _budget;

    private SafetensorsHeader(string path, long fileLength)
    {
        _path = path;
        _budget = new AllocationBudget(path, fileLength);
    }

    /// <summary>All tensors in the order of the header.</summary>
    public OrderedDictionary<string, TensorEntry> Tensors { get; } = new(StringComparer.Ordinal);

    /// <summary>Where each tensor starts in the file, in bytes.</summary>
    public Dictionary<string, long> Starts { get; } = new(StringComparer.Ordinal);

    /// <summary>The texts under <c>__metadata__</c>.</summary>
    public Dictionary<string, string> Metadata { get; } = new(StringComparer.Ordinal);

    /// <summary>Reads and checks the header.</summary>
    /// <exception cref="CheckpointException">Anything in it is not as the format says.</exception>
    public static SafetensorsHeader Read(CheckpointBytes file)
    {
        if (file.Length < 10)
            throw new CheckpointException(file.Path, "the file is too short to be a safetensors file.");
        Span<byte> eight = stackalloc byte[8];
        file.Read(0, eight);
        var length = BinaryPrimitives.ReadUInt64LittleEndian(eight);
        if (length > MaxBytes)
            throw new CheckpointException(file.Path, $"the safetensors header claims {length} bytes, and at most {MaxBytes} are allowed.");
        if (length > (ulong)file.Length - 8)
            throw new CheckpointException(file.Path, $"the safetensors header claims {length} bytes in a file of {file.Length}; the file was cut short, so copy or download it again.");
        var json = new byte[length];
        file.Read(8, json);

        var header = new SafetensorsHeader(file.Path, file.Length);
        try
        {
            header.Parse(json, 8 + (long)length, file.Length);
        }
        catch (JsonException e)
        {
            throw new CheckpointException(file.Path, $"the safetensors header is not valid JSON near its byte {e.BytePositionInLine}.", e);
        }
        catch (InvalidOperationException e)
        {
            throw new CheckpointException(file.Path, "the safetensors header holds text that is not valid UTF-8.", e);
        }
        return header;
    }

    private void Parse(byte[] json, long dataStart, long fileLength)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 8 });
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
            throw Wrong("is not a JSON object");
        var metadataSeen = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            _budget.Charge(TensorCost + (2L * reader.ValueSpan.Length));
            var name = reader.GetString()!;
            reader.Read();
            if (name == "__metadata__")
            {
                if (metadataSeen)
                    throw Wrong("has two __metadata__ sections");
                metadataSeen = true;
                ParseMetadata(ref reader);
                continue;
            }
            var entry = ParseTensor(ref reader, name, fileLength - dataStart, out var start);
            if (!Tensors.TryAdd(name, entry))
                throw Wrong($"names the tensor '{Short(name)}' twice");
            Starts.Add(name, dataStart + start);
        }
        while (reader.Read())
        {
        }
        CheckLayout(dataStart, fileLength);
    }

    private void ParseMetadata(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
            throw Wrong("has a __metadata__ section that is not an object");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            _budget.Charge(TextCost + (2L * reader.ValueSpan.Length));
            var key = reader.GetString()!;
            reader.Read();
            if (reader.TokenType != JsonTokenType.String)
                throw Wrong($"has metadata '{Short(key)}' that is not text");
            _budget.Charge(2L * reader.ValueSpan.Length);
            if (!Metadata.TryAdd(key, reader.GetString()!))
                throw Wrong($"has the metadata '{Short(key)}' twice");
        }
    }

    private TensorEntry ParseTensor(ref Utf8JsonReader reader, string name, long dataLength, out long start)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
            throw Wrong($"describes '{Short(name)}' by something other than an object");
        string? typeName = null;
        long[]? shape = null;
        long[]? offsets = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("dtype"u8))
            {
                reader.Read();
                if (typeName is not null || reader.TokenType != JsonTokenType.String || reader.ValueSpan.Length > 32)
                    throw Wrong($"gives '{Short(name)}' a type that is not one short text");
                typeName = reader.GetString()!;
            }
            else if (reader.ValueTextEquals("shape"u8) && shape is null)
            {
                shape = ParseNumbers(ref reader, name, "shape");
            }
            else if (reader.ValueTextEquals("data_offsets"u8) && offsets is null)
            {
                offsets = ParseNumbers(ref reader, name, "data_offsets");
            }
            else
            {
                throw Wrong($"describes '{Short(name)}' with the unknown or repeated key '{Short(reader.GetString()!)}'");
            }
        }
        if (typeName is null || shape is null || offsets is not { Length: 2 })
            throw Wrong($"lacks the dtype, the shape or the two data_offsets of '{Short(name)}'");
        if (offsets[0] > offsets[1] || offsets[1] > dataLength)
            throw Wrong($"places '{Short(name)}' at bytes {offsets[0]} to {offsets[1]} of {dataLength}");

        start = offsets[0];
        var type = TensorTypes.FromSafetensorsName(typeName);
        var entry = new TensorEntry(name, type, shape) { ByteLength = offsets[1] - offsets[0] };
        if (type == TensorType.Other)
            entry = entry with { TypeName = typeName };
        if (!ShapeCheck.TryByteLength(shape, Math.Max(type.Size(), 1), out var bytes))
            throw Wrong($"gives '{Short(name)}' the shape {entry.ShapeText}, which no memory can hold");
        if (type != TensorType.Other && bytes != offsets[1] - offsets[0])
            throw Wrong($"gives '{Short(name)}' {offsets[1] - offsets[0]} bytes where {entry.TypeName} {entry.ShapeText} needs {bytes}");
        // The size of an unknown type is unknown too, but no type packs more than eight elements into a byte.
        if (type == TensorType.Other && bytes / 8 > offsets[1] - offsets[0])
            throw Wrong($"gives '{Short(name)}' {offsets[1] - offsets[0]} bytes, too few for {entry.TypeName} {entry.ShapeText}");
        return entry;
    }

    private long[] ParseNumbers(ref Utf8JsonReader reader, string name, string what)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartArray)
            throw Wrong($"gives '{Short(name)}' a {what} that is not a list");
        Span<long> numbers = stackalloc long[MaxDimensions];
        var count = 0;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (count == MaxDimensions || reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out var number) || number < 0)
                throw Wrong($"gives '{Short(name)}' a {what} that is not a list of at most {MaxDimensions} whole numbers");
            numbers[count++] = number;
        }
        _budget.Charge(8L * count);
        return numbers[..count].ToArray();
    }

    // The format demands that the tensors fill the data section without gaps and overlaps.
    private void CheckLayout(long dataStart, long fileLength)
    {
        _budget.Charge(16L * Tensors.Count);
        var order = new (long Start, long Length, int Index)[Tensors.Count];
        for (var i = 0; i < order.Length; i++)
        {
            var (name, entry) = Tensors.GetAt(i);
            order[i] = (Starts[name], entry.ByteLength, i);
        }
        Array.Sort(order, static (a, b) => (a.Start, a.Length).CompareTo((b.Start, b.Length)));
        var expected = dataStart;
        foreach (var (start, length, index) in order)
        {
            if (start != expected)
                throw Wrong($"leaves a gap or an overlap before '{Short(Tensors.GetAt(index).Key)}'");
            expected = start + length;
        }
        if (expected != fileLength)
            throw Wrong($"describes {expected} bytes in a file of {fileLength}; the file is damaged or not complete");
    }

    private CheckpointException Wrong(string fault) => new(_path, $"the safetensors header {fault}.");

    private static string Short(string name) => MessageText.Short(name);
}
