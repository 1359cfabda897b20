using System.Buffers.Binary;
using Hita.Runtime;

namespace Hita.Checkpoints.Tflite;

/// <summary>An operation of a TensorFlow Lite model, as it is written down; nothing here computes it.</summary>
/// <param name="Code">Its kind: 0 add, 3 convolution, 4 depthwise convolution, 22 reshape, 25 softmax, 40 mean, 114 quantize.</param>
/// <param name="Inputs">The tensors it takes, by number.</param>
/// <param name="Outputs">The tensors it makes, by number.</param>
/// <param name="Options">Its options; null where it has none.</param>
internal sealed record TfliteOperation(int Code, IReadOnlyList<int> Inputs, IReadOnlyList<int> Outputs, FlatTable? Options);

/// <summary>A tensor of a TensorFlow Lite model.</summary>
/// <param name="Shape">Its sides; one that is not known yet is −1.</param>
/// <param name="Type">Its element type: 2 int32, 9 int8.</param>
/// <param name="Data">Its stored values; empty where it is computed.</param>
/// <param name="Scales">What a stored value is multiplied with, one number or one a slice of <paramref name="Axis"/>; empty for none.</param>
/// <param name="Zeros">What is subtracted from a stored value before.</param>
/// <param name="Axis">The side along which scales change.</param>
internal sealed record TfliteTensor(int[] Shape, int Type, ReadOnlyMemory<byte> Data, float[] Scales, long[] Zeros, int Axis);

/// <summary>A TensorFlow Lite model read as data: its tensors and the list of its operations. Nothing in it is executed.</summary>
internal sealed class TfliteFile
{
    private const long MaxBytes = 256L << 20;
    private const int Int32 = 2;
    private const int Int8 = 9;
    private readonly string _path;

    private TfliteFile(string path, FlatBuffer buffer)
    {
        _path = path;
        var root = FlatTable.Root(buffer);
        var graphs = root.Tables(2);
        if (root.Int(0) != 3 || graphs.Count != 1)
            throw new CheckpointException(path, $"this TensorFlow Lite model has version {root.Int(0)} and {graphs.Count} graphs; version 3 with one graph is read.");
        var stored = root.Tables(4).ConvertAll(static b => b.Vector(0, 1).ToArray());
        // The kind of an operation once had one byte; the field that came later holds the whole number.
        var codes = root.Tables(1).ConvertAll(static c => Math.Max(c.Byte(0), c.Int(3)));
        Tensors = graphs[0].Tables(0).ConvertAll(t => ReadTensor(t, stored));
        Operations = graphs[0].Tables(3).ConvertAll(o => ReadOperation(o, codes));
    }

    /// <summary>The tensors, by number.</summary>
    public IReadOnlyList<TfliteTensor> Tensors { get; }

    /// <summary>The operations in the order in which they are computed.</summary>
    public IReadOnlyList<TfliteOperation> Operations { get; }

    /// <summary>The file.</summary>
    public string Path => _path;

    /// <summary>Opens and reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="CheckpointException">It cannot be opened, is no TensorFlow Lite model, or is damaged.</exception>
    public static TfliteFile Open(string path)
    {
        using var file = CheckpointBytes.Open(path);
        if (file.Length > MaxBytes)
            throw new CheckpointException(path, $"this file has {file.Length >> 20} MB, more than the {MaxBytes >> 20} that are read of a TensorFlow Lite model.");
        var bytes = new byte[file.Length];
        file.Read(0, bytes);
        if (bytes.Length < 8 || !bytes.AsSpan(4, 4).SequenceEqual("TFL3"u8))
            throw new CheckpointException(path, "this is not a TensorFlow Lite model (.tflite).");
        return new TfliteFile(path, new FlatBuffer(path, bytes));
    }

    /// <summary>The stored values of a tensor as the numbers they stand for, in the order of the file.</summary>
    /// <param name="number">The tensor.</param>
    /// <exception cref="CheckpointException">It has none, or none of a type that is read.</exception>
    public float[] Values(int number)
    {
        if (number < 0 || number >= Tensors.Count)
            throw new CheckpointException(_path, $"there is no tensor {number} among the {Tensors.Count} in this file.");
        var tensor = Tensors[number];
        var size = tensor.Type switch { Int8 => 1, Int32 => 4, _ => throw new CheckpointException(_path, $"tensor {number} has the type {tensor.Type}; int8 and int32 are read.") };
        var count = Count(tensor.Shape);
        if (count < 0 || tensor.Data.Length != count * size || tensor.Scales.Length == 0 || tensor.Zeros.Length != tensor.Scales.Length ||
            (tensor.Scales.Length > 1 && (tensor.Axis < 0 || tensor.Axis >= tensor.Shape.Length || tensor.Shape[tensor.Axis] != tensor.Scales.Length)))
        {
            throw new CheckpointException(_path, $"tensor {number} is not a whole quantized tensor; copy or download the file again.");
        }
        var inner = tensor.Scales.Length > 1 ? Count(tensor.Shape.AsSpan(tensor.Axis + 1)) : count;
        var values = new float[count];
        var data = tensor.Data.Span;
        for (var i = 0; i < values.Length; i++)
        {
            var slice = (int)(i / inner % tensor.Scales.Length);
            long whole = size == 1 ? (sbyte)data[i] : BinaryPrimitives.ReadInt32LittleEndian(data[(4 * i)..]);
            values[i] = (whole - tensor.Zeros[slice]) * tensor.Scales[slice];
        }
        return values;
    }

    private static long Count(ReadOnlySpan<int> shape)
    {
        var count = 1L;
        foreach (var side in shape)
            count = side < 0 || count > int.MaxValue ? -1 : count * side;
        return count > int.MaxValue ? -1 : count;
    }

    private TfliteTensor ReadTensor(FlatTable table, List<byte[]> stored)
    {
        var number = table.Int(2);
        if (number < 0 || number >= stored.Count)
            throw new CheckpointException(_path, "this TensorFlow Lite model is damaged or was cut short; copy or download it again.");
        var quantization = table.Table(4);
        return new TfliteTensor(
            table.Ints(0), table.Byte(1), stored[number], quantization?.Floats(2) ?? [], quantization?.Longs(3) ?? [], quantization?.Int(6) ?? 0);
    }

    private TfliteOperation ReadOperation(FlatTable table, List<int> codes)
    {
        var code = table.Int(0);
        var (inputs, outputs) = (table.Ints(1), table.Ints(2));
        if (code < 0 || code >= codes.Count || inputs.Concat(outputs).Any(i => i < -1 || i >= Tensors.Count))
            throw new CheckpointException(_path, "this TensorFlow Lite model is damaged or was cut short; copy or download it again.");
        return new TfliteOperation(codes[code], inputs, outputs, table.Table(4));
    }
}
