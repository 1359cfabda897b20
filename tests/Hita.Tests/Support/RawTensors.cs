using System.Buffers.Binary;
using System.Text.Json;

namespace Hita.Tests.Support;

/// <summary>Byte arrays of a vector file, read without the product's own reader so that neither hides a fault of the other.</summary>
internal sealed class RawTensors
{
    private readonly byte[] _file;
    private readonly Dictionary<string, (int[] Shape, int Start, int End)> _entries = [];

    public RawTensors(string path)
    {
        _file = File.ReadAllBytes(path);
        var length = (int)BinaryPrimitives.ReadUInt64LittleEndian(_file);
        using var header = JsonDocument.Parse(_file.AsMemory(8, length));
        foreach (var entry in header.RootElement.EnumerateObject().Where(e => e.Name != "__metadata__"))
        {
            var offsets = entry.Value.GetProperty("data_offsets");
            _entries[entry.Name] = (
                [.. entry.Value.GetProperty("shape").EnumerateArray().Select(s => s.GetInt32())],
                8 + length + offsets[0].GetInt32(),
                8 + length + offsets[1].GetInt32());
        }
    }

    public IReadOnlyCollection<string> Names => _entries.Keys;

    public ReadOnlySpan<byte> Bytes(string name, out int[] shape)
    {
        (shape, var start, var end) = _entries[name];
        return _file.AsSpan(start, end - start);
    }
}
