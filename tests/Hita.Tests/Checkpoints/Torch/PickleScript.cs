using System.Buffers.Binary;
using System.Text;

namespace Hita.Tests.Checkpoints.Torch;

/// <summary>Writes pickles instruction by instruction, so that tests can write what no honest program would.</summary>
internal sealed class PickleScript
{
    private readonly List<byte> _bytes = [];

    public PickleScript() => Raw(0x80, 2);

    public PickleScript Raw(params ReadOnlySpan<byte> bytes)
    {
        _bytes.AddRange(bytes);
        return this;
    }

    public PickleScript Repeat(int count, params ReadOnlySpan<byte> bytes)
    {
        for (var i = 0; i < count; i++)
            _bytes.AddRange(bytes);
        return this;
    }

    public PickleScript Op(char instruction) => Raw((byte)instruction);

    public PickleScript Text(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var length = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
        return Raw((byte)'X').Raw(length).Raw(bytes);
    }

    /// <summary>An integer in the shortest form torch would choose.</summary>
    public PickleScript Integer(long value)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        if (value is >= 0 and < 256)
            return Raw((byte)'K', bytes[0]);
        if (value is >= 0 and < 65536)
            return Raw((byte)'M', bytes[0], bytes[1]);
        return value is >= int.MinValue and <= int.MaxValue ? Raw((byte)'J').Raw(bytes.AsSpan(0, 4)) : Raw(0x8A, 8).Raw(bytes);
    }

    public PickleScript Number(double value)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteDoubleBigEndian(bytes, value);
        return Raw((byte)'G').Raw(bytes);
    }

    public PickleScript Global(string module, string name) => Raw((byte)'c').Raw(Encoding.UTF8.GetBytes($"{module}\n{name}\n"));

    public PickleScript Integers(params ReadOnlySpan<long> values)
    {
        Op('(');
        foreach (var value in values)
            Integer(value);
        return Op('t');
    }

    public PickleScript Storage(string type, string key, long count, string location = "cpu") =>
        Op('(').Text("storage").Global(type.Contains('.') ? type[..type.LastIndexOf('.')] : "torch", type[(type.LastIndexOf('.') + 1)..])
            .Text(key).Text(location).Integer(count).Op('t').Op('Q');

    public PickleScript Tensor(
        string type, string key, long count, long offset, ReadOnlySpan<long> shape, ReadOnlySpan<long> strides, string location = "cpu") =>
        Global("torch._utils", "_rebuild_tensor_v2").Op('(').Storage(type, key, count, location)
            .Integer(offset).Integers(shape).Integers(strides).Raw(0x89).Global("collections", "OrderedDict").Op(')').Op('R').Op('t').Op('R');

    public byte[] End() => Op('.')._bytes.ToArray();
}
