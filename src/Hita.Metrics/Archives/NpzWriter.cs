using System.IO.Compression;
using System.Runtime.InteropServices;
using Hita.Checkpoints;
using Hita.Runtime;

namespace Hita.Metrics.Archives;

/// <summary>
/// Writes NumPy's archives of arrays (<c>.npz</c>) in a stream: array after array, each in parts of any size. The file appears
/// under its name only when <see cref="Complete"/> has been called, and the same arrays always give the same bytes.
/// </summary>
/// <remarks>
/// Arrays are stored, not packed, as <c>numpy.savez</c> does; the framework's archive writes ZIP64 records where sizes or places
/// are beyond four gigabytes.
/// </remarks>
public sealed class NpzWriter : IDisposable
{
    // 1 January 1980, the first day there is: the archive's bytes must not depend on the clock.
    private static readonly DateTimeOffset Day = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly AtomicFile _file;
    private readonly ZipArchive _archive;
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private string _name = "";
    private Stream? _array;
    private long _left;

    /// <summary>Starts the archive.</summary>
    /// <param name="path">Where it will appear; its folder is created.</param>
    /// <exception cref="CheckpointException">The file cannot be written.</exception>
    public NpzWriter(string path)
    {
        _file = new AtomicFile(path);
        _archive = new ZipArchive(_file.Stream, ZipArchiveMode.Create, leaveOpen: true);
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
        EndArray();
        if (_names.Contains(name))
            throw new ArgumentException($"The name {name} is taken.", nameof(name));
        if (shape.Any(static side => side < 0))
            throw new ArgumentException($"A shape has no negative sides, as [{string.Join(", ", shape)}] has.", nameof(shape));
        var header = new NpyHeader(type, shape);
        var start = header.ToBytes();
        _names.Add(name);
        (_name, _left) = (name, start.Length + header.ByteLength);
        Put(() =>
        {
            var entry = _archive.CreateEntry(name + ".npy", CompressionLevel.NoCompression);
            entry.LastWriteTime = Day;
            _array = entry.Open();
        });
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
        try
        {
            _array?.Write(bytes);
        }
        catch (Exception e)
        {
            throw _file.Fault(e);
        }
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
        EndArray();
        Put(_archive.Dispose);
        _file.Complete();
    }

    /// <summary>Removes the unfinished file, if <see cref="Complete"/> was not called.</summary>
    public void Dispose()
    {
        try
        {
            _archive.Dispose();
        }
        catch (IOException)
        {
            // The end of an archive that is thrown away; what went wrong has been said.
        }
        _file.Dispose();
    }

    private void EndArray()
    {
        if (_left > 0)
            throw new InvalidOperationException($"The array {_name} still lacks {_left} bytes.");
        Put(() => _array?.Dispose());
        _array = null;
    }

    private void Put(Action write)
    {
        try
        {
            write();
        }
        catch (Exception e)
        {
            throw _file.Fault(e);
        }
    }
}
