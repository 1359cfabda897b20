using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using Hita.Runtime;

namespace Hita.Checkpoints.Torch;

/// <summary>
/// Reads the pickles that <c>torch.save</c> writes, and only those: it knows the instructions and the names they need, builds
/// inert values, and calls nothing. It does not recurse, so that nesting costs no stack, and every value is charged to a budget
/// that follows from the file's size.
/// </summary>
internal readonly struct PickleReader
{
    private const int MaxNameBytes = 512;
    private const int MaxIntegerBytes = 1024;
    private const int NewestProtocol = 5;

    private readonly string _path;
    private readonly AllocationBudget _budget;
    private readonly PickleStack _stack;
    private readonly PickleBuilder _build;
    private readonly PickleMemo _memo;
    private readonly PickleBytes _bytes;

    private PickleReader(PickleBytes bytes, AllocationBudget budget, StorageReferences? storages)
    {
        _path = bytes.Path;
        _budget = budget;
        _stack = new PickleStack(_path, budget);
        _build = new PickleBuilder(_path, budget, storages);
        _memo = new PickleMemo(_path, budget);
        _bytes = bytes;
    }

    /// <summary>Reads one pickle.</summary>
    /// <param name="bytes">Where it begins; another may begin where it ends.</param>
    /// <param name="budget">Bounds the memory of what it builds.</param>
    /// <param name="storages">Notes the storages that it refers to; null where nobody asks for them.</param>
    /// <returns>What the pickle holds.</returns>
    /// <exception cref="Runtime.CheckpointException">It is damaged, or asks for what no weight file needs.</exception>
    public static object? Read(PickleBytes bytes, AllocationBudget budget, StorageReferences? storages = null)
    {
        var reader = new PickleReader(bytes, budget, storages);
        while (true)
        {
            var instruction = reader.Take(1)[0];
            if (instruction == '.')
                return reader._stack.Pop();
            reader.Run(instruction);
        }
    }

    private void Run(byte instruction)
    {
        switch (instruction)
        {
            case 0x80: // the protocol
                if (Take(1)[0] is var protocol and > NewestProtocol)
                    throw PickleFault.Wrong(_path, $"it is of protocol {protocol}, and the newest known is {NewestProtocol}");
                break;
            case 0x95: // a frame, which only says how much follows
                Take(8);
                break;
            case (byte)'(':
                _stack.Mark();
                break;
            case (byte)'0':
                _stack.Pop();
                break;
            case (byte)'1':
                _stack.PopToMark();
                break;
            case (byte)'2':
                _stack.Push(_stack.Peek());
                break;
            case (byte)'N':
                _stack.Push(null);
                break;
            case 0x88:
                _stack.Push(_build.True);
                break;
            case 0x89:
                _stack.Push(_build.False);
                break;
            case (byte)'K':
                _stack.Push(_build.Integer(Take(1)[0]));
                break;
            case (byte)'M':
                _stack.Push(_build.Integer(BinaryPrimitives.ReadUInt16LittleEndian(Take(2))));
                break;
            case (byte)'J':
                _stack.Push(_build.Integer(BinaryPrimitives.ReadInt32LittleEndian(Take(4))));
                break;
            case 0x8A:
                _stack.Push(LongInteger(Take(1)[0]));
                break;
            case 0x8B:
                _stack.Push(LongInteger(BinaryPrimitives.ReadInt32LittleEndian(Take(4))));
                break;
            case (byte)'G':
                _stack.Push(_build.Number(BinaryPrimitives.ReadDoubleBigEndian(Take(8))));
                break;
            case (byte)'U' or 0x8C: // short text, of Python 2 and of Python 3
                _stack.Push(Text(Take(1)[0]));
                break;
            case (byte)'T' or (byte)'X':
                _stack.Push(Text(BinaryPrimitives.ReadUInt32LittleEndian(Take(4))));
                break;
            case 0x8D:
                _stack.Push(Text(BinaryPrimitives.ReadUInt64LittleEndian(Take(8))));
                break;
            case (byte)'C':
                _stack.Push(Bytes(Take(1)[0]));
                break;
            case (byte)'B':
                _stack.Push(Bytes(BinaryPrimitives.ReadUInt32LittleEndian(Take(4))));
                break;
            case 0x8E or 0x96:
                _stack.Push(Bytes(BinaryPrimitives.ReadUInt64LittleEndian(Take(8))));
                break;
            default:
                RunContainers(instruction);
                break;
        }
    }

    private void RunContainers(byte instruction)
    {
        switch (instruction)
        {
            case (byte)']':
                _stack.Push(_build.List([]));
                break;
            case (byte)'l':
                _stack.Push(_build.List(_stack.PopToMark()));
                break;
            case (byte)'a':
                var one = _stack.Pop(1);
                _build.Append(_stack.Peek(), one);
                break;
            case (byte)'e':
                var many = _stack.PopToMark();
                _build.Append(_stack.Peek(), many);
                break;
            case (byte)')':
                _stack.Push(PickleTuple.Empty);
                break;
            case (byte)'t':
                _stack.Push(_build.Tuple(_stack.PopToMark()));
                break;
            case 0x85 or 0x86 or 0x87:
                _stack.Push(_build.Tuple(_stack.Pop(instruction - 0x84)));
                break;
            case (byte)'}':
                _stack.Push(_build.Dictionary([]));
                break;
            case (byte)'d':
                _stack.Push(_build.Dictionary(_stack.PopToMark()));
                break;
            case (byte)'s':
                var pair = _stack.Pop(2);
                _build.SetItems(_stack.Peek(), pair);
                break;
            case (byte)'u':
                var pairs = _stack.PopToMark();
                _build.SetItems(_stack.Peek(), pairs);
                break;
            case 0x8F:
                _stack.Push(_build.Inert("set"));
                break;
            case 0x90: // into a set, whose members nothing needs
                _stack.PopToMark();
                _stack.Peek();
                break;
            case 0x91:
                _stack.PopToMark();
                _stack.Push(_build.Inert("frozenset"));
                break;
            default:
                RunObjects(instruction);
                break;
        }
    }

    private void RunObjects(byte instruction)
    {
        switch (instruction)
        {
            case (byte)'h':
                _stack.Push(_memo.Recall(Take(1)[0]));
                break;
            case (byte)'j':
                _stack.Push(_memo.Recall(BinaryPrimitives.ReadUInt32LittleEndian(Take(4))));
                break;
            case (byte)'q':
                _memo.Keep(Take(1)[0], _stack.Peek());
                break;
            case (byte)'r':
                _memo.Keep(BinaryPrimitives.ReadUInt32LittleEndian(Take(4)), _stack.Peek());
                break;
            case 0x94:
                _memo.Keep(_memo.Count, _stack.Peek());
                break;
            case (byte)'c':
                _stack.Push(NamedGlobal(refuse: false));
                break;
            case 0x93:
                var names = _stack.Pop(2);
                _stack.Push(names is [string left, string right] ? NamedGlobal(left, right) : throw PickleFault.Wrong(_path, "it asks for something without a name"));
                break;
            case (byte)'R' or 0x81:
                var call = _stack.Pop(2);
                _stack.Push(_build.Make(call[0], call[1]));
                break;
            case 0x92:
                var newObject = _stack.Pop(3);
                _stack.Push(newObject[2] is PickleDict { IsEmpty: true } || newObject[0] is PickleGlobal { Kind: GlobalKind.Foreign } or PickleForeign ? _build.Make(newObject[0], newObject[1]) : throw PickleFault.Wrong(_path, "it makes an object with named arguments"));
                break;
            case (byte)'b':
                var state = _stack.Pop();
                _build.SetState(_stack.Peek(), state);
                break;
            case (byte)'Q':
                _stack.Push(_build.Storage(_stack.Pop()));
                break;
            case (byte)'i': // makes an object by its name in the way of the oldest protocol
                _stack.Push(NamedGlobal(refuse: true));
                break;
            default:
                throw PickleFault.Wrong(_path, $"it uses the instruction 0x{instruction:x2}, which torch.save never writes");
        }
    }

    // Torch names a type once and refers back to it, but others name it anew each time: looking it up must not cost memory.
    private PickleGlobal NamedGlobal(bool refuse)
    {
        Span<char> name = stackalloc char[(2 * MaxNameBytes) + 1];
        var length = Line(name);
        name[length++] = '.';
        name = name[..(length + Line(name[length..]))];
        return refuse ? throw PickleFault.Asks(_path, name.ToString()) : _build.Global(name);
    }

    private PickleGlobal NamedGlobal(string module, string name)
    {
        if (module.Length + name.Length > MaxNameBytes)
            throw PickleFault.Asks(_path, $"{MessageText.Short(module)}.{MessageText.Short(name)}");
        Span<char> full = stackalloc char[MaxNameBytes + 1];
        full = full[..(module.Length + 1 + name.Length)];
        full.TryWrite($"{module}.{name}", out _);
        return _build.Global(full);
    }

    private int Line(scoped Span<char> room)
    {
        var ahead = _bytes.Ahead(MaxNameBytes);
        var length = ahead.IndexOf((byte)'\n');
        if (length < 0)
            throw ahead.Length < MaxNameBytes ? _bytes.TooFew() : PickleFault.Wrong(_path, "it asks for something by a name without an end");
        // A byte becomes one character at most, so the line fits where its bytes would.
        var written = Encoding.UTF8.GetChars(ahead[..length], room);
        Take(length + 1);
        return written;
    }

    private string Text(ulong length)
    {
        var bytes = Take(length);
        _budget.Charge(32 + (2L * bytes.Length));
        return Encoding.UTF8.GetString(bytes);
    }

    private PickleInert Bytes(ulong length) => _build.Inert("bytes", $"{Take(length).Length} bytes");

    private object LongInteger(int length)
    {
        if (length is < 0 or > MaxIntegerBytes)
            throw PickleFault.Wrong(_path, $"it holds an integer of {length} bytes");
        var bytes = Take(length);
        if (length > sizeof(long))
        {
            _budget.Charge(64 + length);
            return new BigInteger(bytes);
        }
        return _build.Integer((long)new BigInteger(bytes));
    }

    private ReadOnlySpan<byte> Take(int count) => _bytes.Take((ulong)count);

    private ReadOnlySpan<byte> Take(ulong count) => _bytes.Take(count);
}
