using System.Buffers.Binary;
using System.Text;

namespace Hita.Data.Sources;

/// <summary>
/// Reads a small pickle inside a file into inert values: numbers, texts, tuples, lists, dictionaries by their text keys, and
/// notes of what would be called. Bytes stay in the file, only their place is noted.
/// </summary>
internal ref struct PickleScanner
{
    private const int MaxText = 4096;
    private const int MaxValues = 1 << 16;
    private static readonly object Mark = new();

    private readonly LmdbFile _file;
    private readonly long _end;
    private readonly byte[] _window = new byte[512];
    private readonly List<object?> _stack = [];
    private readonly Dictionary<long, object?> _memo = [];
    private long _at;
    private long _windowStart = -1;
    private int _windowLength;
    private int _values;

    private PickleScanner(LmdbFile file, LmdbValue record) => (_file, _at, _end) = (file, record.Offset, record.Offset + record.Length);

    /// <summary>Reads a pickle.</summary>
    /// <param name="file">The file.</param>
    /// <param name="record">Where the pickle lies in it.</param>
    /// <param name="value">What it holds.</param>
    /// <param name="fault">Why it cannot be read, as a part of a sentence; null where it is no pickle at all.</param>
    public static bool TryScan(LmdbFile file, LmdbValue record, out object? value, out string? fault)
    {
        var scanner = new PickleScanner(file, record);
        (value, fault) = (null, null);
        try
        {
            while (true)
            {
                var instruction = scanner.Take(1)[0];
                if (instruction == '.')
                {
                    value = scanner.Pop();
                    return true;
                }
                scanner.Step(instruction);
            }
        }
        catch (PickleScanException e)
        {
            fault = e.Reason;
            return false;
        }
    }

    private void Step(byte instruction)
    {
        switch (instruction)
        {
            case 0x80: Take(1); break; // protocol
            case 0x95: Take(8); break; // frame
            case (byte)'(': Push(Mark); break;
            case (byte)'0': Pop(); break;
            case (byte)'2': Push(Peek()); break;
            case (byte)'N': Push(null); break;
            case 0x88: Push(true); break;
            case 0x89: Push(false); break;
            case (byte)'K': Push(Number(1)); break;
            case (byte)'M': Push(Number(2)); break;
            case (byte)'J': Push((long)(int)Number(4)); break;
            case 0x8A: Push(Signed((int)Number(1))); break;
            case (byte)'G': Push(BinaryPrimitives.ReadDoubleBigEndian(Take(8))); break;
            case 0x8C: Push(Text(Number(1))); break;
            case (byte)'X': Push(Text(Number(4))); break;
            case 0x8D: Push(Text(Number(8))); break;
            case (byte)'C': Push(Bytes(Number(1))); break;
            case (byte)'B': Push(Bytes(Number(4))); break;
            case 0x8E or 0x96: Push(Bytes(Number(8))); break;
            case (byte)'q': Keep(Number(1)); break;
            case (byte)'r': Keep(Number(4)); break;
            case 0x94: Keep(_memo.Count); break;
            case (byte)'h': Push(Recall(Number(1))); break;
            case (byte)'j': Push(Recall(Number(4))); break;
            default: StepContainers(instruction); break;
        }
    }

    private void StepContainers(byte instruction)
    {
        switch (instruction)
        {
            case (byte)']': Push(new List<object?>()); break;
            case (byte)'l': Push(PopToMark().ToList()); break;
            case (byte)'a': Append(Pop()); break;
            case (byte)'e': Append(PopToMark()); break;
            case (byte)')': Push(Array.Empty<object?>()); break;
            case (byte)'t': Push(PopToMark()); break;
            case 0x85 or 0x86 or 0x87: Push(PopMany(instruction - 0x84)); break;
            case (byte)'}': Push(new Dictionary<string, object?>(StringComparer.Ordinal)); break;
            case (byte)'s': SetItems(PopMany(2)); break;
            case (byte)'u': SetItems(PopToMark()); break;
            case (byte)'c': Push(new PickledName($"{Line()}.{Line()}")); break;
            case 0x93: Push(PopMany(2) is [string module, string name] ? new PickledName($"{module}.{name}") : throw Wrong("it is damaged")); break;
            case (byte)'R' or 0x81: Push(Made(PopMany(2))); break;
            case (byte)'b': Build(Pop()); break;
            default: throw Wrong(instruction is >= 0x20 and < 0x7F || instruction >= 0x80 ? $"it uses the instruction 0x{instruction:x2}, which is not read" : null);
        }
    }

    private void Append(params ReadOnlySpan<object?> items)
    {
        if (Peek() is not List<object?> list)
            throw Wrong("it is damaged");
        list.AddRange(items);
    }

    private void SetItems(object?[] pairs)
    {
        if (Peek() is not Dictionary<string, object?> items || pairs.Length % 2 != 0)
            throw Wrong("it is damaged");
        for (var i = 0; i < pairs.Length; i += 2)
        {
            // Keys of other kinds name nothing that is sought.
            if (pairs[i] is string key)
                items[key] = pairs[i + 1];
        }
    }

    private static PickledObject Made(object?[] call) => call switch
    {
        [PickledName name, object?[] arguments] => new PickledObject(name.Name, arguments),
        _ => throw Wrong("it is damaged"),
    };

    private void Build(object? state)
    {
        if (Peek() is not PickledObject made)
            throw Wrong("it is damaged");
        made.State = state;
    }

    private void Push(object? value)
    {
        Charge();
        _stack.Add(value);
    }

    private void Keep(long number)
    {
        Charge();
        _memo[number] = Peek();
    }

    private void Charge()
    {
        if (++_values > MaxValues)
            throw Wrong($"it holds more than {MaxValues} values");
    }

    private object? Peek() => _stack.Count > 0 && _stack[^1] != Mark ? _stack[^1] : throw Wrong(null);

    private object? Pop()
    {
        var value = Peek();
        _stack.RemoveAt(_stack.Count - 1);
        return value;
    }

    private object?[] PopMany(int count)
    {
        var values = new object?[count];
        for (var i = count - 1; i >= 0; i--)
            values[i] = Pop();
        return values;
    }

    private object?[] PopToMark()
    {
        var mark = _stack.LastIndexOf(Mark);
        if (mark < 0)
            throw Wrong(null);
        var values = _stack[(mark + 1)..].ToArray();
        _stack.RemoveRange(mark, _stack.Count - mark);
        return values;
    }

    private object? Recall(long number) => _memo.TryGetValue(number, out var value) ? value : throw Wrong("it is damaged");

    // Longer texts are of no use here; what they say is not kept.
    private string Text(long length)
    {
        if (length is < 0 || length > _end - _at)
            throw Wrong("it is cut short");
        if (length <= MaxText)
            return Encoding.UTF8.GetString(Take((int)length));
        var start = Encoding.UTF8.GetString(Take(MaxText));
        _at += length - MaxText;
        return start;
    }

    private LmdbValue Bytes(long length)
    {
        if (length < 0 || length > _end - _at)
            throw Wrong("it is cut short");
        var place = new LmdbValue(_at, length);
        _at += length;
        return place;
    }

    private string Line()
    {
        var text = new StringBuilder();
        for (var c = Take(1)[0]; c != '\n'; c = Take(1)[0])
        {
            if (text.Append((char)c).Length > MaxText)
                throw Wrong("it is damaged");
        }
        return text.ToString();
    }

    private long Number(int bytes)
    {
        Span<byte> number = stackalloc byte[8];
        number.Clear();
        Take(bytes).CopyTo(number);
        return BinaryPrimitives.ReadInt64LittleEndian(number);
    }

    private long Signed(int length)
    {
        if (length > 8)
            throw Wrong("it holds a number of more than 64 bits");
        Span<byte> number = stackalloc byte[8];
        var bytes = Take(length);
        number.Fill(length > 0 && bytes[^1] >= 0x80 ? (byte)0xFF : (byte)0);
        bytes.CopyTo(number);
        return BinaryPrimitives.ReadInt64LittleEndian(number);
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _end - _at)
            throw Wrong(null);
        if (count > _window.Length)
        {
            var bytes = new byte[count];
            _file.Read(_at, bytes);
            _at += count;
            return bytes;
        }
        if (_at < _windowStart || _windowStart < 0 || _at + count > _windowStart + _windowLength)
        {
            _windowStart = _at;
            _windowLength = (int)Math.Min(_window.Length, _end - _at);
            _file.Read(_at, _window.AsSpan(0, _windowLength));
        }
        var taken = _window.AsSpan((int)(_at - _windowStart), count);
        _at += count;
        return taken;
    }

    private static PickleScanException Wrong(string? reason) => new(reason);
}

/// <summary>A pickle that cannot be read.</summary>
internal sealed class PickleScanException(string? reason) : Exception
{
    /// <summary>Why, as a part of a sentence; null where it is no pickle.</summary>
    public string? Reason { get; } = reason;
}
