using Google.Protobuf;
using Hita.Runtime;

namespace Hita.Checkpoints.Onnx;

/// <summary>
/// An ONNX model read as data: the tensors that are stored in it, under their names in the file, and the list of its operations.
/// Nothing in it is executed.
/// </summary>
internal sealed class OnnxFile : TensorSource
{
    private const long MaxBytes = 1L << 30;

    private readonly Dictionary<string, TensorEntry> _entries;
    private readonly Dictionary<string, ByteString> _values;

    private OnnxFile(string path, OnnxGraphReader graph)
        : base(path)
    {
        Nodes = graph.Nodes;
        Inputs = graph.Inputs;
        _values = graph.Values;
        _entries = graph.Entries;
    }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, TensorEntry> Tensors => _entries;

    /// <summary>The operations in the order of the file, which is one in which they can be computed.</summary>
    public IReadOnlyList<OnnxNode> Nodes { get; }

    /// <summary>The names of the values that the graph is given, without the stored tensors.</summary>
    public IReadOnlyList<string> Inputs { get; }

    /// <summary>Whether a file's first bytes are those of an ONNX model: its format's version, then its producer or the like.</summary>
    public static bool Begins(ReadOnlySpan<byte> head) => head.Length > 3 && head[0] == 0x08 && head[1] is > 0 and < 32 && head[2] == 0x12;

    /// <summary>Whether a file begins as an ONNX model does.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="CheckpointException">It cannot be opened.</exception>
    public static bool IsOnnx(string path)
    {
        using var file = CheckpointBytes.Open(path);
        var head = new byte[Math.Min(4, file.Length)];
        file.Read(0, head);
        return Begins(head);
    }

    /// <summary>Opens and reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="CheckpointException">It cannot be opened, is no ONNX model, is cut short, or keeps tensors outside itself.</exception>
    public static OnnxFile Open(string path)
    {
        byte[] bytes;
        using (var file = CheckpointBytes.Open(path))
        {
            if (file.Length > MaxBytes)
                throw new CheckpointException(path, $"this ONNX model has {file.Length >> 20} MB, more than the {MaxBytes >> 20} that are read.");
            bytes = new byte[file.Length];
            file.Read(0, bytes);
        }
        try
        {
            return new OnnxFile(path, OnnxGraphReader.OfModel(path, bytes));
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new CheckpointException(path, "this ONNX model is damaged or was cut short; copy or download it again.", e);
        }
    }

    /// <inheritdoc/>
    protected override void ReadCore(TensorEntry entry, long byteOffset, Span<byte> destination) =>
        _values[entry.Name].Span.Slice((int)byteOffset, destination.Length).CopyTo(destination);
}
