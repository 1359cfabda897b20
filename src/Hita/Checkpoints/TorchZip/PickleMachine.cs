using Hita.Runtime;

namespace Hita.Checkpoints.TorchZip;

/// <summary>
/// A restricted interpreter for pickles: it knows the instructions that <c>torch.save</c> writes in protocols 2 to 5, accepts
/// only the names of <see cref="PickleGlobals"/>, and builds inert values. Nothing is imported and nothing is called.
/// </summary>
internal sealed class PickleMachine
{
    private const int ItemCost = 24;
    private const int PairCost = 48;
    private const int MemoCost = 56;
    private const int ContainerCost = 64;

    private readonly string _path;
    private readonly PickleReader _reader;
    private readonly AllocationBudget _budget;
    private readonly PickleBuilder _builder;
    private readonly List<object?> _stack = [];
    private readonly List<int> _marks = [];
    private readonly Dictionary<uint, object?> _memo = [];
    private readonly Dictionary<(string, string), PickleGlobal> _globals = [];
    private int _deepest;
    private int _mostMarks;

    private PickleMachine(string path, Stream stream, long length, AllocationBudget budget, PickleBuilder builder)
    {
        _path = path;
        _reader = new PickleReader(path, stream, length, budget);
        _budget = budget;
        _builder = builder;
    }

    /// <summary>Reads a pickle.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="stream">The pickle.</param>
    /// <param name="length">Its length in bytes.</param>
    /// <param name="budget">What may be allocated.</param>
    /// <param name="builder">Makes tensors and other values of the allowed names.</param>
    /// <exception cref="CheckpointException">It is damaged, or uses an instruction or a name that weight files do not need.</exception>
    public static object? Run(string path, Stream stream, long length, AllocationBudget budget, PickleBuilder builder) =>
        new PickleMachine(path, stream, length, budget, builder).Run();

    private object? Run()
    {
        if (_reader.Byte() != 0x80)
            throw Damaged("does not start like a pickle of protocol 2 or later");
        var protocol = _reader.Byte();
        if (protocol is < 2 or > 5)
            throw Damaged($"is a pickle of protocol {protocol}, and 2 to 5 are known");
        while (true)
        {
            var code = _reader.Byte();
            if (code == '.')
                return Pop();
            Step(code);
        }
    }

    private void Step(byte code)
    {
        switch ((char)code)
        {
            case '(':
                if (_marks.Count == _mostMarks)
                {
                    _budget.Charge(12);
                    _mostMarks++;
                }
                _marks.Add(_stack.Count);
                break;
            case '0': Discard(); break;
            case '1': DropFrom(PopMark()); break;
            case '2': Push(Peek()); break;
            case 'N': Push(null); break;
            case '\x88': Push(true); break;
            case '\x89': Push(false); break;
            case 'K': PushInteger(_reader.Byte()); break;
            case 'M': PushInteger(_reader.UInt16()); break;
            case 'J': PushInteger(_reader.Int32()); break;
            case '\x8a': Push(_reader.Integer(_reader.Byte())); break;
            case '\x8b': Push(_reader.Integer(_reader.UInt32())); break;
            case 'G':
                _budget.Charge(ItemCost);
                Push(_reader.Double());
                break;
            case '\x8c': Push(_reader.Text(_reader.Byte())); break;
            case 'X': Push(_reader.Text(_reader.UInt32())); break;
            case '\x8d': Push(_reader.Text(_reader.UInt64())); break;
            case 'U': Push(_reader.Text(_reader.Byte())); break;
            case 'T': Push(_reader.Text(_reader.UInt32())); break;
            case 'C': Push(_reader.Bytes(_reader.Byte())); break;
            case 'B': Push(_reader.Bytes(_reader.UInt32())); break;
            case '\x8e' or '\x96': Push(_reader.Bytes(_reader.UInt64())); break;
            case ')': PushTuple(0); break;
            case '\x85': PushTuple(1); break;
            case '\x86': PushTuple(2); break;
            case '\x87': PushTuple(3); break;
            case 't': PushTuple(_stack.Count - PopMark()); break;
            case ']': PushNew(new PickleList()); break;
            case '}': PushNew(new PickleDict()); break;
            case '\x8f': PushNew(new PickleSet()); break;
            case 'l': PushNew(new PickleList(), PopMark(), static (list, item) => list.Items.Add(item)); break;
            case '\x91': PushNew(new PickleSet(), PopMark(), static (set, item) => set.Items.Add(item)); break;
            case 'a': AddItems(_stack.Count - 1); break;
            case 'e' or '\x90': AddItems(PopMark()); break;
            case 'd': NewDictionary(PopMark()); break;
            case 's': SetItems(_stack.Count - 2); break;
            case 'u': SetItems(PopMark()); break;
            case 'q': Memoize(_reader.Byte()); break;
            case 'r': Memoize(_reader.UInt32()); break;
            case '\x94': Memoize((uint)_memo.Count); break;
            case 'h': Push(Recall(_reader.Byte())); break;
            case 'j': Push(Recall(_reader.UInt32())); break;
            case 'c': Push(Global(_reader.Line(), _reader.Line())); break;
            case '\x93':
                var name = Pop() as string ?? throw Damaged("names something by a value that is not text");
                Push(Global(Pop() as string ?? throw Damaged("names something by a value that is not text"), name));
                break;
            case 'R' or '\x81': Reduce(); break;
            case '\x92':
                Discard();
                Reduce();
                break;
            case 'b':
                var state = Pop();
                _builder.SetState(Peek(), state);
                break;
            case 'Q': Push(_builder.Storage(Pop())); break;
            case '\x95': _reader.UInt64(); break;
            default: throw Damaged($"uses the instruction 0x{code:x2}, which torch.save does not write");
        }
    }

    private int PopMark()
    {
        if (_marks.Count == 0)
            throw Damaged("closes a group that was not opened");
        var mark = _marks[^1];
        _marks.RemoveAt(_marks.Count - 1);
        return mark;
    }

    private void DropFrom(int from) => _stack.RemoveRange(from, _stack.Count - from);

    private void Push(object? value)
    {
        if (_stack.Count == _deepest)
        {
            _budget.Charge(ItemCost);
            _deepest++;
        }
        _stack.Add(value);
    }

    private void PushInteger(long value)
    {
        _budget.Charge(ItemCost);
        Push(value);
    }

    private void PushNew(object container)
    {
        _budget.Charge(ContainerCost);
        Push(container);
    }

    private void PushNew<T>(T container, int from, Action<T, object?> add)
        where T : class
    {
        _budget.Charge(ItemCost * (long)(_stack.Count - from));
        for (var i = from; i < _stack.Count; i++)
            add(container, _stack[i]);
        DropFrom(from);
        PushNew(container);
    }

    private void PushTuple(int count)
    {
        Need(count);
        _budget.Charge(48 + (8L * count));
        var items = new object?[count];
        _stack.CopyTo(_stack.Count - count, items, 0, count);
        DropFrom(_stack.Count - count);
        Push(new PickleTuple(items));
    }

    private void AddItems(int from)
    {
        Need(1 + _stack.Count - from);
        _budget.Charge(ItemCost * (long)(_stack.Count - from));
        var items = _stack[from - 1] switch
        {
            PickleList list => list.Items,
            PickleSet set => set.Items,
            _ => throw Damaged("adds items to a value that is not a list"),
        };
        for (var i = from; i < _stack.Count; i++)
            items.Add(_stack[i]);
        DropFrom(from);
    }

    private void NewDictionary(int from)
    {
        _stack.Insert(from, new PickleDict());
        _budget.Charge(ContainerCost);
        SetItems(from + 1);
    }

    private void SetItems(int from)
    {
        Need(1 + _stack.Count - from);
        var count = _stack.Count - from;
        _budget.Charge(PairCost * (long)count / 2);
        if (_stack[from - 1] is not PickleDict dict || count % 2 != 0)
            throw Damaged("sets items of a value that is not a dictionary");
        for (var i = from; i < _stack.Count; i += 2)
            dict.Pairs.Add(new(_stack[i], _stack[i + 1]));
        DropFrom(from);
    }

    private void Memoize(uint index)
    {
        _budget.Charge(MemoCost);
        _memo[index] = Peek();
    }

    private object? Recall(uint index) =>
        _memo.TryGetValue(index, out var value) ? value : throw Damaged("recalls a value that was not stored");

    private PickleGlobal Global(string module, string name)
    {
        if (_globals.TryGetValue((module, name), out var known))
            return known;
        if (PickleGlobals.Find(module, name) is not { } kind)
            throw PickleFaults.Refused(_path, module, name);
        _budget.Charge(ContainerCost);
        return _globals[(module, name)] = new PickleGlobal(module, name, kind);
    }

    private void Reduce()
    {
        if (Pop() is not PickleTuple arguments || Pop() is not PickleGlobal callee)
            throw Damaged("builds an object in a way torch.save does not");
        Push(_builder.Build(callee, arguments));
    }

    private object? Peek()
    {
        Need(1);
        return _stack[^1];
    }

    private object? Pop()
    {
        var top = Peek();
        Discard();
        return top;
    }

    private void Discard()
    {
        Need(1);
        _stack.RemoveAt(_stack.Count - 1);
    }

    // The values of an open group must not be taken before it is closed.
    private void Need(int count)
    {
        var floor = _marks.Count == 0 ? 0 : _marks[^1];
        if (count < 0 || _stack.Count - count < floor)
            throw Damaged("takes more values than it has put down");
    }

    private CheckpointException Damaged(string how) => PickleFaults.Damaged(_path, how);
}
