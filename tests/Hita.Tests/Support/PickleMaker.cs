using System.Buffers.Binary;
using System.Text;

namespace Hita.Tests.Support;

/// <summary>Assembles pickles instruction by instruction, so that tests can write what no pickler would.</summary>
internal sealed class PickleMaker
{
    private readonly List<byte> _bytes = [];

    public PickleMaker(int protocol = 2) => Op(0x80, (byte)protocol);

    public byte[] Done() => [.. _bytes, (byte)'.'];

    public PickleMaker Op(params byte[] bytes)
    {
        _bytes.AddRange(bytes);
        return this;
    }

    public PickleMaker Op(char code) => Op((byte)code);

    public PickleMaker Mark() => Op('(');

    public PickleMaker Text(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return Op('X').UInt32((uint)bytes.Length).Op(bytes);
    }

    public PickleMaker Int(int value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        return Op('J').Op(bytes);
    }

    public PickleMaker Global(string module, string name) => Op('c').Op(Encoding.UTF8.GetBytes($"{module}\n{name}\n"));

    public PickleMaker Put(byte index) => Op((byte)'q', index);

    public PickleMaker Get(byte index) => Op((byte)'h', index);

    public PickleMaker Tuple(params int[] items)
    {
        Mark();
        foreach (var item in items)
            Int(item);
        return Op('t');
    }

    /// <summary>A tensor as _rebuild_tensor_v2 builds it, on a GPU's storage as published files have it.</summary>
    public PickleMaker Tensor(string storageType, string key, int storageCount, int[] shape, int[] strides, int offset = 0, string location = "cuda:0") =>
        Global("torch._utils", "_rebuild_tensor_v2").Mark().Storage(storageType, key, storageCount, location)
            .Int(offset).Tuple(shape).Tuple(strides).Op(0x89)
            .Global("collections", "OrderedDict").Op(')').Op('R').Op('t').Op('R');

    public PickleMaker Storage(string storageType, string key, int count, string location = "cpu") =>
        Mark().Text("storage").Global("torch", storageType).Text(key).Text(location).Int(count).Op('t').Op('Q');

    private PickleMaker UInt32(uint value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        return Op(bytes);
    }
}
