namespace Hita.Checkpoints;

/// <summary>
/// An opened weight file or folder: names, types and shapes are known, and nothing else is loaded until it is read.
/// Reading is safe from several threads at once.
/// </summary>
public interface ITensorSource : IDisposable
{
    /// <summary>The file or folder, for messages.</summary>
    string Path { get; }

    /// <summary>All tensors by their names in the file, in the file's order where it has one.</summary>
    IReadOnlyDictionary<string, TensorEntry> Tensors { get; }

    /// <summary>Texts that the file carries beside its tensors.</summary>
    IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>
    /// What a reader of the file should know: parts that were left out, names that were changed. Each is a sentence; empty where the
    /// file was taken as it is.
    /// </summary>
    IReadOnlyList<string> Notes => [];

    /// <summary>Reads a whole tensor as little-endian bytes of its own type, contiguous and row-major.</summary>
    /// <param name="name">The name in the file.</param>
    /// <param name="destination">Exactly <see cref="TensorEntry.ByteLength"/> bytes.</param>
    /// <exception cref="Runtime.CheckpointException">There is no such tensor, or the file cannot be read.</exception>
    void Read(string name, Span<byte> destination);

    /// <summary>Reads a part of a tensor's bytes, so that a tensor of any size can be streamed.</summary>
    /// <param name="name">The name in the file.</param>
    /// <param name="byteOffset">Where the part starts, in bytes; a multiple of the element size.</param>
    /// <param name="destination">Receives the part; a multiple of the element size, inside the tensor.</param>
    /// <exception cref="Runtime.CheckpointException">There is no such tensor, or the file cannot be read.</exception>
    void ReadPart(string name, long byteOffset, Span<byte> destination);

    /// <summary>Reads a floating-point tensor converted to float32.</summary>
    /// <param name="name">The name in the file.</param>
    /// <param name="destination">Exactly <see cref="TensorEntry.Count"/> numbers.</param>
    /// <exception cref="Runtime.CheckpointException">There is no such tensor, it is not a float type, or the file cannot be read.</exception>
    void ReadFloats(string name, Span<float> destination);

    /// <summary>Reads an integer tensor.</summary>
    /// <param name="name">The name in the file.</param>
    /// <returns>The values in row-major order.</returns>
    /// <exception cref="Runtime.CheckpointException">There is no such tensor, it is not an integer type, or a value is beyond 32 bits.</exception>
    int[] ReadInts(string name);
}
