using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Hita.Checkpoints;
using Hita.Runtime;

namespace Hita.Metrics;

/// <summary>
/// Saves measurements in the middle of their work, several in one file, so that a run can be taken up again with the same
/// result to the bit. The file (safetensors) replaces an older one only when it is complete.
/// </summary>
public sealed class AccumulatorWriter
{
    internal const string KindNote = "kind";
    internal const string Kind = "hita-measurements";
    private readonly List<(string Name, StatePart Part)> _parts = [];
    private readonly Dictionary<string, string> _notes = new(StringComparer.Ordinal) { [KindNote] = Kind };

    /// <summary>Adds a measurement; it must not change before <see cref="Save"/>.</summary>
    /// <typeparam name="T">Its kind.</typeparam>
    /// <param name="name">The name to read it by, without dots.</param>
    /// <param name="accumulator">The measurement.</param>
    /// <returns>This writer.</returns>
    public AccumulatorWriter Add<T>(string name, T accumulator)
        where T : class, IAccumulator<T>
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(accumulator);
        if (!_notes.TryAdd(NoteOf(name), typeof(T).Name))
            throw new ArgumentException($"The name {name} is taken.", nameof(name));
        foreach (var part in accumulator.Capture())
            _parts.Add((name, part));
        return this;
    }

    /// <summary>Adds a text, for example which protocol and which sample the run has come to.</summary>
    /// <param name="name">The name to read it by.</param>
    /// <param name="text">The text.</param>
    /// <returns>This writer.</returns>
    public AccumulatorWriter Note(string name, string text)
    {
        _notes[$"note.{name}"] = text;
        return this;
    }

    /// <summary>Writes the file.</summary>
    /// <param name="path">Where it will appear.</param>
    /// <exception cref="CheckpointException">It cannot be written.</exception>
    public void Save(string path)
    {
        using var writer = new SafetensorsWriter(path, _parts.Select(p => new TensorEntry($"{p.Name}.{p.Part.Name}", p.Part.Type, p.Part.Shape)), _notes);
        foreach (var (name, part) in _parts)
        {
            foreach (var bytes in part.Bytes())
                writer.Write($"{name}.{part.Name}", bytes.Span);
        }
        writer.Complete();
    }

    internal static string NoteOf(string name) => $"measurement.{name}";
}

/// <summary>Reads measurements that <see cref="AccumulatorWriter"/> has saved.</summary>
public sealed class AccumulatorReader : IDisposable
{
    private readonly SafetensorsFile _file;

    private AccumulatorReader(SafetensorsFile file) => _file = file;

    /// <summary>Opens the file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="HitaException">It cannot be opened, or holds something else.</exception>
    public static AccumulatorReader Open(string path)
    {
        var file = SafetensorsFile.Open(path);
        if (file.Metadata.GetValueOrDefault(AccumulatorWriter.KindNote) == AccumulatorWriter.Kind)
            return new AccumulatorReader(file);
        file.Dispose();
        throw new ArchiveException(path, "the file holds no saved measurements.");
    }

    /// <summary>Whether there is a measurement of this name.</summary>
    /// <param name="name">The name.</param>
    public bool Has(string name) => _file.Metadata.ContainsKey(AccumulatorWriter.NoteOf(name));

    /// <summary>A text that was saved along, or null.</summary>
    /// <param name="name">Its name.</param>
    public string? Note(string name) => _file.Metadata.GetValueOrDefault($"note.{name}");

    /// <summary>Reads a measurement, ready to go on.</summary>
    /// <typeparam name="T">Its kind.</typeparam>
    /// <param name="name">Its name.</param>
    /// <exception cref="HitaException">There is none of that name and kind, or it is damaged.</exception>
    public T Read<T>(string name)
        where T : class, IAccumulator<T>
    {
        var kind = _file.Metadata.GetValueOrDefault(AccumulatorWriter.NoteOf(name));
        if (kind != typeof(T).Name)
            throw new ArchiveException(_file.Path, $"the file holds no measurement '{MessageText.Short(name)}' of the kind {typeof(T).Name}.");
        return T.Restore(new StateSource(_file, name));
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _file.Dispose();
}

/// <summary>One array of a measurement's state.</summary>
internal sealed record StatePart(string Name, TensorType Type, IReadOnlyList<long> Shape, Func<IEnumerable<ReadOnlyMemory<byte>>> Bytes)
{
    public static StatePart Of<T>(string name, ReadOnlyMemory<T> values, params long[] shape)
        where T : unmanaged => new(name, TypeOf<T>(), shape.Length == 0 ? [values.Length] : shape, () => Split(values));

    /// <summary>The state of a measurement that is a part of another.</summary>
    public static IEnumerable<StatePart> Nested<T>(string name, T accumulator)
        where T : class, IAccumulator<T> => accumulator.Capture().Select(p => p with { Name = $"{name}.{p.Name}" });

    public static TensorType TypeOf<T>() =>
        typeof(T) == typeof(double) ? TensorType.Float64
        : typeof(T) == typeof(float) ? TensorType.Float32
        : typeof(T) == typeof(long) ? TensorType.Int64
        : typeof(T) == typeof(byte) ? TensorType.UInt8
        : throw new NotSupportedException(typeof(T).Name);

    /// <summary>Copies of a piece at a time, as memory of one type cannot be seen as memory of another.</summary>
    public static IEnumerable<ReadOnlyMemory<byte>> Split<T>(ReadOnlyMemory<T> values)
        where T : unmanaged
    {
        const int Piece = 1 << 17;
        for (var at = 0; at < values.Length; at += Piece)
            yield return MemoryMarshal.AsBytes(values.Span.Slice(at, Math.Min(Piece, values.Length - at))).ToArray();
    }
}

/// <summary>Reads the arrays of one measurement's state.</summary>
internal sealed class StateSource(SafetensorsFile file, string name)
{
    /// <summary>A whole array of any length.</summary>
    public T[] Read<T>(string part)
        where T : unmanaged
    {
        var entry = Entry<T>(part);
        var values = new T[entry.Count];
        file.Read(entry.Name, MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }

    /// <summary>An array of a known length.</summary>
    public void Read<T>(string part, Span<T> destination)
        where T : unmanaged
    {
        var entry = Entry<T>(part);
        Require(entry.Count == destination.Length, part);
        file.Read(entry.Name, MemoryMarshal.AsBytes(destination));
    }

    /// <summary>A part of an array.</summary>
    public void ReadPart<T>(string part, long first, Span<T> destination)
        where T : unmanaged
    {
        var bytes = MemoryMarshal.AsBytes(destination);
        file.ReadPart(Entry<T>(part).Name, first * Unsafe.SizeOf<T>(), bytes);
    }

    /// <summary>A measurement that is a part of this one.</summary>
    public T Nested<T>(string part)
        where T : class, IAccumulator<T> => T.Restore(new StateSource(file, $"{name}.{part}"));

    /// <summary>Whether there is an array of this name.</summary>
    public bool Has(string part) => file.Tensors.ContainsKey($"{name}.{part}");

    /// <summary>An array's sides.</summary>
    public IReadOnlyList<long> Shape<T>(string part)
        where T : unmanaged => Entry<T>(part).Shape;

    /// <summary>The one number of an array of one.</summary>
    public long ReadOne(string part)
    {
        var values = new long[1];
        Read(part, values.AsSpan());
        return values[0];
    }

    /// <summary>Refuses the file where a condition does not hold.</summary>
    public void Require(bool condition, string part)
    {
        if (!condition)
            throw new ArchiveException(file.Path, $"the saved measurement '{MessageText.Short(name)}' is damaged: its '{part}' does not fit the rest.");
    }

    private TensorEntry Entry<T>(string part)
        where T : unmanaged
    {
        if (!file.Tensors.TryGetValue($"{name}.{part}", out var entry) || entry.Type != StatePart.TypeOf<T>())
            throw new ArchiveException(file.Path, $"the saved measurement '{MessageText.Short(name)}' is damaged: it has no '{part}' of {StatePart.TypeOf<T>().PlainName()}.");
        return entry;
    }
}
