using Hita.Runtime;

namespace Hita.Checkpoints.Torch;

/// <summary>The bytes of one pickle in memory, or of several that follow each other in a file, of which a small part is held at a time.</summary>
internal sealed class PickleBytes
{
    private const int PartBytes = 64 << 10;

    private readonly CheckpointBytes? _file;
    private readonly AllocationBudget? _budget;
    private readonly long _end;
    private byte[] _part;
    private int _at;
    private int _filled;
    private long _next;

    /// <summary>A pickle in memory.</summary>
    /// <param name="path">The file it is of, for messages.</param>
    /// <param name="pickle">All of it.</param>
    public PickleBytes(string path, byte[] pickle)
    {
        Path = path;
        _part = pickle;
        _filled = pickle.Length;
        _next = _end = pickle.Length;
    }

    /// <summary>Pickles at the beginning of a file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="max">Bytes from its beginning that are read at most.</param>
    /// <param name="budget">Charged for what long values take in memory.</param>
    public PickleBytes(CheckpointBytes file, int max, AllocationBudget budget)
    {
        Path = file.Path;
        _file = file;
        _budget = budget;
        _end = Math.Min(file.Length, max);
        _part = new byte[Math.Min(PartBytes, _end)];
    }

    public string Path { get; }

    /// <summary>Bytes taken so far.</summary>
    public long Position => _next - (_filled - _at);

    /// <summary>Takes the next bytes. They are valid until the next call of any method.</summary>
    /// <exception cref="CheckpointException">There are not as many.</exception>
    public ReadOnlySpan<byte> Take(ulong count)
    {
        if (count > (ulong)(_end - Position))
            throw TooFew();
        if ((int)count > _filled - _at)
            Fill((int)count);
        var bytes = _part.AsSpan(_at, (int)count);
        _at += (int)count;
        return bytes;
    }

    /// <summary>Shows the next bytes, as many as there are up to a number, without taking them. They are valid until the next call of any method.</summary>
    public ReadOnlySpan<byte> Ahead(int max)
    {
        max = (int)Math.Min(max, _end - Position);
        if (max > _filled - _at)
            Fill(max);
        return _part.AsSpan(_at, max);
    }

    /// <summary>The sentence about pickles that end too early.</summary>
    public CheckpointException TooFew()
    {
        if (_file is null)
            return PickleFault.Wrong(Path, "it ends in the middle of a value");
        return _end == _file.Length
            ? _file.EndsEarly()
            : PickleFault.Wrong(Path, $"a value in it reaches beyond the first {_end >> 20} MiB of the file, which are more than any description of tensors takes");
    }

    private void Fill(int count)
    {
        var left = _part.AsSpan(_at, _filled - _at);
        if (count > _part.Length)
        {
            var size = (int)Math.Min((long)count + PartBytes, _end - Position);
            _budget!.Charge(size);
            _part = new byte[size];
        }
        left.CopyTo(_part);
        var more = (int)Math.Min(_part.Length - left.Length, _end - _next);
        _file!.Read(_next, _part.AsSpan(left.Length, more));
        (_at, _filled, _next) = (0, left.Length + more, _next + more);
    }
}
