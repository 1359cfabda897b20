namespace Hita.Checkpoints;

/// <summary>Something whose tensors were declared beforehand and are now written as a stream.</summary>
public interface ITensorSink
{
    /// <summary>Appends the next bytes of a tensor.</summary>
    /// <param name="name">A declared name.</param>
    /// <param name="bytes">Little-endian elements in row-major order: the whole tensor, or the part after what was written before.</param>
    /// <exception cref="Runtime.CheckpointException">It cannot be written.</exception>
    void Write(string name, ReadOnlySpan<byte> bytes);
}
