using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;
using Hita.Checkpoints;
using Hita.Runtime;

namespace Hita.Metrics.Archives;

/// <summary>
/// Writes NumPy's archives of arrays (<c>.npz</c>) in a stream: array after array, each in parts of any size. The file appears
/// under its name only when <see cref="Complete"/> has been called, and the same arrays always give the same bytes.
/// </summary>
/// <remarks>
/// Arrays are stored, not packed, as <c>numpy.savez</c> does; ZIP64 records are written where sizes or places are beyond
/// four gigabytes.
/// </remarks>
public sealed class NpzWriter : IDisposable
{
    private const uint LocalSignature = 0x04034b50;
    private const uint EntrySignature = 0x02014b50;
    private const uint EndSignature = 0x06054b50;
    private const uint End64Signature = 0x06064b50;
    private const uint Locator64Signature = 0x07064b50;
    private const ushort PlainVersion = 20;
    private const ushort Version64 = 45;
    private const ushort UnicodeNames = 0x0800;

    // 1 January 1980, the first day there is: the archive's bytes must not depend on the clock.
    private const ushort Day = 0x0021;

    private readonly AtomicFile _file;
    private readonly long _limit;
    private readonly List<Member> _members = [];
    private readonly Crc32 _sum = new();
    private long _left;

    /// <summary>Starts the archive.</summary>
    /// <param name="path">Where it will appear; its folder is created.</param>
    /// <exception cref="CheckpointException">The file cannot be written.</exception>
    public NpzWriter(string path)
        : this(path, uint.MaxValue)
    {
    }

    /// <summary>Starts an archive that takes to ZIP64 at another size, so that tests need no large files.</summary>
    internal NpzWriter(string path, long limit)
    {
        _file = new AtomicFile(path);
        _limit = limit;
    }

    /// <summary>Starts the next array; the one before must be complete.</summary>
    /// <param name="name">The name to load it by, without <c>.npy</c>; <c>arr_0</c> is what NumPy gives to an unnamed one.</param>
    /// <param name="type">The type of the elements.</param>
    /// <param name="shape">The sides, outermost first.</param>
    /// <exception cref="ArgumentException">The name is taken or empty, a side is negative, or the type has no NumPy form.</exception>
    /// <exception cref="InvalidOperationException">The array before is not complete.</exception>
    /// <exception cref="CheckpointException">The file cannot be written.</exception>
    public void Begin(string name, TensorType type, params IReadOnlyList<long> shape)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        EndMember();
        if (_members.Exists(m => m.Name == name))
            throw new ArgumentException($"The name {name} is taken.", nameof(name));
        if (shape.Any(static side => side < 0))
            throw new ArgumentException($"A shape has no negative sides, as [{string.Join(", ", shape)}] has.", nameof(shape));
        var header = new NpyHeader(type, shape);
        var start = header.ToBytes();
        var member = new Member(name, Encoding.UTF8.GetBytes(name + ".npy"), _file.Stream.Position, start.Length + header.ByteLength);
        _members.Add(member);
        _left = member.Length;
        _sum.Reset();
        Put(LocalHeader(member));
        Write(start);
    }

    /// <summary>Appends the next elements of the array that was started last.</summary>
    /// <param name="bytes">Little-endian elements in row-major order.</param>
    /// <exception cref="ArgumentException">There are more than the array has.</exception>
    /// <exception cref="CheckpointException">The file cannot be written.</exception>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > _left)
            throw new ArgumentException($"{bytes.Length} bytes are more than the {_left} that the array still takes.", nameof(bytes));
        _sum.Append(bytes);
        Put(bytes);
        _left -= bytes.Length;
    }

    /// <summary>Writes a whole array of float64.</summary>
    /// <param name="name">The name to load it by.</param>
    /// <param name="values">The values in row-major order.</param>
    /// <param name="shape">The sides; their product is the number of values.</param>
    /// <exception cref="ArgumentException">The values do not fill the shape, or the name is taken.</exception>
    /// <exception cref="CheckpointException">The file cannot be written.</exception>
    public void Write(string name, ReadOnlySpan<double> values, params IReadOnlyList<long> shape)
    {
        if (new NpyHeader(TensorType.Float64, shape).Count != values.Length)
            throw new ArgumentException($"{values.Length} values do not fill [{string.Join(", ", shape)}].", nameof(values));
        Begin(name, TensorType.Float64, shape);
        Write(MemoryMarshal.AsBytes(values));
    }

    /// <summary>Checks that the last array is whole, and puts the file in its place.</summary>
    /// <exception cref="InvalidOperationException">The last array is not complete.</exception>
    /// <exception cref="CheckpointException">The file cannot be written.</exception>
    public void Complete()
    {
        EndMember();
        var start = _file.Stream.Position;
        foreach (var member in _members)
            Put(DirectoryEntry(member));
        Put(DirectoryEnd(start, _file.Stream.Position - start));
        _file.Complete();
    }

    /// <summary>Removes the unfinished file, if <see cref="Complete"/> was not called.</summary>
    public void Dispose() => _file.Dispose();

    private void EndMember()
    {
        if (_members.Count == 0)
            return;
        var member = _members[^1];
        if (_left > 0)
            throw new InvalidOperationException($"The array {member.Name} still lacks {_left} bytes.");
        if (member.Sum is not null)
            return;
        member.Sum = _sum.GetCurrentHashAsUInt32();
        var end = _file.Stream.Position;
        Span<byte> sum = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(sum, member.Sum.Value);
        _file.Stream.Position = member.Start + 14;
        Put(sum);
        _file.Stream.Position = end;
    }

    private void Put(ReadOnlySpan<byte> bytes)
    {
        try
        {
            _file.Stream.Write(bytes);
        }
        catch (Exception e)
        {
            throw _file.Fault(e);
        }
    }

    private byte[] LocalHeader(Member member)
    {
        var large = member.Length >= _limit;
        var extra = large ? 20 : 0;
        var header = new LittleEndianBytes(30 + member.FileName.Length + extra);
        header.Add32(LocalSignature).Add16(large ? Version64 : PlainVersion).Add16(UnicodeNames).Add16(0).Add16(0).Add16(Day).Add32(0);
        var size = large ? uint.MaxValue : (uint)member.Length;
        header.Add32(size).Add32(size).Add16((ushort)member.FileName.Length).Add16((ushort)extra).Add(member.FileName);
        if (large)
            header.Add16(1).Add16(16).Add64(member.Length).Add64(member.Length);
        return header.Bytes;
    }

    private byte[] DirectoryEntry(Member member)
    {
        var (large, far) = (member.Length >= _limit, member.Start >= _limit);
        var fields = (large ? 16 : 0) + (far ? 8 : 0);
        var extra = fields == 0 ? 0 : fields + 4;
        var version = extra > 0 ? Version64 : PlainVersion;
        var entry = new LittleEndianBytes(46 + member.FileName.Length + extra);
        entry.Add32(EntrySignature).Add16(version).Add16(version).Add16(UnicodeNames).Add16(0).Add16(0).Add16(Day).Add32(member.Sum!.Value);
        var size = large ? uint.MaxValue : (uint)member.Length;
        entry.Add32(size).Add32(size).Add16((ushort)member.FileName.Length).Add16((ushort)extra);
        entry.Add16(0).Add16(0).Add16(0).Add32(0).Add32(far ? uint.MaxValue : (uint)member.Start).Add(member.FileName);
        if (extra > 0)
            entry.Add16(1).Add16((ushort)fields);
        if (large)
            entry.Add64(member.Length).Add64(member.Length);
        if (far)
            entry.Add64(member.Start);
        return entry.Bytes;
    }

    private byte[] DirectoryEnd(long start, long length)
    {
        var count = _members.Count;
        var large = start >= _limit || count >= ushort.MaxValue;
        var end = new LittleEndianBytes((large ? 76 : 0) + 22);
        if (large)
        {
            end.Add32(End64Signature).Add64(44).Add16(Version64).Add16(Version64).Add32(0).Add32(0);
            end.Add64(count).Add64(count).Add64(length).Add64(start);
            end.Add32(Locator64Signature).Add32(0).Add64(start + length).Add32(1);
        }
        var shortCount = large ? ushort.MaxValue : (ushort)count;
        end.Add32(EndSignature).Add16(0).Add16(0).Add16(shortCount).Add16(shortCount);
        end.Add32(large ? uint.MaxValue : (uint)length).Add32(large ? uint.MaxValue : (uint)start).Add16(0);
        return end.Bytes;
    }

    private sealed class Member(string name, byte[] fileName, long start, long length)
    {
        public string Name { get; } = name;

        public byte[] FileName { get; } = fileName;

        public long Start { get; } = start;

        public long Length { get; } = length;

        public uint? Sum { get; set; }
    }
}

/// <summary>Fills an array with little-endian numbers, one after the other.</summary>
internal sealed class LittleEndianBytes(int length)
{
    private int _at;

    public byte[] Bytes { get; } = new byte[length];

    public LittleEndianBytes Add16(ushort value)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(Bytes.AsSpan(_at), value);
        _at += 2;
        return this;
    }

    public LittleEndianBytes Add32(uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(Bytes.AsSpan(_at), value);
        _at += 4;
        return this;
    }

    public LittleEndianBytes Add64(long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(Bytes.AsSpan(_at), value);
        _at += 8;
        return this;
    }

    public LittleEndianBytes Add(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Bytes.AsSpan(_at));
        _at += bytes.Length;
        return this;
    }
}
