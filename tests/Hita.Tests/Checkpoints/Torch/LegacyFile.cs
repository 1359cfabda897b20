using System.Buffers.Binary;

namespace Hita.Tests.Checkpoints.Torch;

/// <summary>The parts of a file as PyTorch wrote it before 1.6; each can be replaced by what nobody should write.</summary>
internal sealed record LegacyFile
{
    public byte[] Mark { get; init; } = new PickleScript().Raw(0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19).End();

    public byte[] Version { get; init; } = new PickleScript().Integer(1001).End();

    public byte[] Machine { get; init; } = MachineOf(littleEndian: true);

    public required byte[] Object { get; init; }

    public byte[] Names { get; init; } = new PickleScript().Op(']').End();

    /// <summary>Each storage with its length before it.</summary>
    public byte[] Storages { get; init; } = [];

    /// <summary>A whole file: the bytes and the size of an element of each storage, in the order of the file.</summary>
    public static LegacyFile Of(byte[] pickle, params ReadOnlySpan<(string Key, int Size, byte[] Bytes)> storages)
    {
        var content = new List<byte>();
        var names = new List<string>();
        foreach (var (key, size, bytes) in storages)
        {
            names.Add(key);
            content.AddRange(Storage(bytes.Length / size, bytes));
        }
        return new LegacyFile { Object = pickle, Names = NamesOf([.. names]), Storages = [.. content] };
    }

    public static byte[] MachineOf(bool littleEndian) =>
        new PickleScript().Op('}').Op('(').Text("protocol_version").Integer(1001).Text("little_endian").Raw(littleEndian ? (byte)0x88 : (byte)0x89)
            .Text("type_sizes").Op('}').Op('(').Text("short").Integer(2).Text("int").Integer(4).Text("long").Integer(8).Op('u').Op('u').End();

    public static byte[] NamesOf(params ReadOnlySpan<string> names)
    {
        var script = new PickleScript().Op(']').Op('(');
        foreach (var name in names)
            script.Text(name);
        return script.Op('e').End();
    }

    public static byte[] Storage(long count, byte[] bytes)
    {
        var length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, count);
        return [.. length, .. bytes];
    }

    public byte[] ToBytes() => [.. Mark, .. Version, .. Machine, .. Object, .. Names, .. Storages];
}

/// <summary>Tensors as those files describe them, with the sixth item of a reference: the part of the storage that is meant.</summary>
internal static class LegacyScript
{
    public static PickleScript OldStorage(
        this PickleScript script, string type, string key, long count, (long First, long Count)? view = null, string location = "cpu")
    {
        script.Op('(').Text("storage").Global("torch", type).Text(key).Text(location).Integer(count);
        if (view is { } part)
            script.Op('(').Text(key + "1").Integer(part.First).Integer(part.Count).Op('t');
        else
            script.Op('N');
        return script.Op('t').Op('Q');
    }

    public static PickleScript OldTensor(
        this PickleScript script, string type, string key, long count, long offset, ReadOnlySpan<long> shape, ReadOnlySpan<long> strides,
        (long First, long Count)? view = null, string location = "cpu") =>
        script.Global("torch._utils", "_rebuild_tensor").Op('(').OldStorage(type, key, count, view, location)
            .Integer(offset).Integers(shape).Integers(strides).Op('t').Op('R');
}
