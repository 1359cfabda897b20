using Google.Protobuf;
using Hita.Runtime;

namespace Hita.Checkpoints.Onnx;

/// <summary>Goes through the protocol buffers of an ONNX model and keeps its stored tensors and its operations.</summary>
/// <remarks>The numbers of fields are those of onnx.proto3, version 3 of the format and later; what is not needed is skipped.</remarks>
internal sealed class OnnxGraphReader
{
    private const int Float = 1;
    private const int External = 1;
    private readonly string _path;

    private OnnxGraphReader(string path) => _path = path;

    public List<OnnxNode> Nodes { get; } = [];

    public List<string> Inputs { get; } = [];

    public Dictionary<string, TensorEntry> Entries { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, ByteString> Values { get; } = new(StringComparer.Ordinal);

    /// <summary>Reads a whole model.</summary>
    /// <exception cref="CheckpointException">It holds no graph, or a tensor that is not whole.</exception>
    /// <exception cref="InvalidProtocolBufferException">The bytes are no protocol buffer.</exception>
    public static OnnxGraphReader OfModel(string path, byte[] bytes)
    {
        var reader = new OnnxGraphReader(path);
        var found = false;
        Each(new CodedInputStream(bytes), (tag, input) =>
        {
            if (Field(tag) != 7)
                return false;
            found = true;
            reader.ReadGraph(input.ReadBytes());
            return true;
        });
        if (!found)
            throw new CheckpointException(path, "this ONNX model holds no graph; copy or download it again.");
        reader.Inputs.RemoveAll(reader.Entries.ContainsKey);
        return reader;
    }

    private void ReadGraph(ByteString graph) => Each(graph.CreateCodedInput(), (tag, input) =>
    {
        switch (Field(tag))
        {
            case 1:
                Nodes.Add(ReadNode(input.ReadBytes()));
                return true;
            case 5:
                ReadTensor(input.ReadBytes());
                return true;
            case 11:
                Inputs.Add(FirstText(input.ReadBytes()));
                return true;
            default:
                return false;
        }
    });

    private static OnnxNode ReadNode(ByteString node)
    {
        var (inputs, outputs, name) = (new List<string>(), new List<string>(), "");
        var (integers, numbers) = (new Dictionary<string, long[]>(StringComparer.Ordinal), new Dictionary<string, float>(StringComparer.Ordinal));
        Each(node.CreateCodedInput(), (tag, input) =>
        {
            switch (Field(tag))
            {
                case 1:
                    inputs.Add(input.ReadString());
                    return true;
                case 2:
                    outputs.Add(input.ReadString());
                    return true;
                case 4:
                    name = input.ReadString();
                    return true;
                case 5:
                    ReadAttribute(input.ReadBytes(), integers, numbers);
                    return true;
                default:
                    return false;
            }
        });
        return new OnnxNode(name, inputs, outputs, integers, numbers);
    }

    private static void ReadAttribute(ByteString attribute, Dictionary<string, long[]> integers, Dictionary<string, float> numbers)
    {
        var name = "";
        var list = new List<long>();
        float? number = null;
        Each(attribute.CreateCodedInput(), (tag, input) =>
        {
            switch (Field(tag))
            {
                case 1:
                    name = input.ReadString();
                    return true;
                case 2:
                    number = input.ReadFloat();
                    return true;
                case 3 or 8:
                    ReadIntegers(tag, input, list);
                    return true;
                default:
                    return false;
            }
        });
        if (list.Count > 0)
            integers[name] = [.. list];
        if (number is { } value)
            numbers[name] = value;
    }

    private void ReadTensor(ByteString tensor)
    {
        var (name, shape, type, location) = ("", new List<long>(), 0L, 0L);
        var values = ByteString.Empty;
        Each(tensor.CreateCodedInput(), (tag, input) =>
        {
            switch (Field(tag))
            {
                case 1:
                    ReadIntegers(tag, input, shape);
                    return true;
                case 2:
                    type = input.ReadInt64();
                    return true;
                case 4 when IsPacked(tag):
                case 9:
                    values = input.ReadBytes();
                    return true;
                case 8:
                    name = input.ReadString();
                    return true;
                case 14:
                    location = input.ReadInt64();
                    return true;
                default:
                    return false;
            }
        });
        Keep(name, shape, type, location == External, values);
    }

    private void Keep(string name, List<long> shape, long type, bool external, ByteString values)
    {
        if (external)
            throw new CheckpointException(_path, $"the tensor '{name}' is kept in another file, which is not read; save the model as one file.");
        // No model here holds other types; they are listed so that a message can name them.
        var entry = type == Float
            ? new TensorEntry(name, TensorType.Float32, shape)
            : new TensorEntry(name, TensorType.Other, shape) { TypeName = $"ONNX type {type}", ByteLength = values.Length };
        long length;
        try
        {
            length = shape.Exists(static s => s < 0) ? -1 : entry.ByteLength;
        }
        catch (OverflowException)
        {
            length = -1;
        }
        if (length != values.Length)
            throw new CheckpointException(_path, $"the tensor '{name}' of shape {entry.ShapeText} does not have as many values; the file is damaged, so copy or download it again.");
        if (!Entries.TryAdd(name, entry))
            throw new CheckpointException(_path, $"the tensor '{name}' is stored twice; the file is damaged, so copy or download it again.");
        Values.Add(name, values);
    }

    private static string FirstText(ByteString message)
    {
        var text = "";
        Each(message.CreateCodedInput(), (tag, input) =>
        {
            if (Field(tag) != 1)
                return false;
            text = input.ReadString();
            return true;
        });
        return text;
    }

    // One integer, or a packed list of them.
    private static void ReadIntegers(uint tag, CodedInputStream input, List<long> list)
    {
        if (!IsPacked(tag))
        {
            list.Add(input.ReadInt64());
            return;
        }
        var packed = input.ReadBytes().CreateCodedInput();
        while (!packed.IsAtEnd)
            list.Add(packed.ReadInt64());
    }

    private static int Field(uint tag) => WireFormat.GetTagFieldNumber(tag);

    private static bool IsPacked(uint tag) => WireFormat.GetTagWireType(tag) == WireFormat.WireType.LengthDelimited;

    // The action tells whether it has read the field.
    private static void Each(CodedInputStream input, Func<uint, CodedInputStream, bool> read)
    {
        while (input.ReadTag() is not 0 and var tag)
        {
            if (!read(tag, input))
                input.SkipLastField();
        }
    }
}
