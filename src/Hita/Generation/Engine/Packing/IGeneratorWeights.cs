namespace Hita.Generation.Engine.Packing;

/// <summary>Where the engine takes a generator's weights from when it packs them.</summary>
public interface IGeneratorWeights
{
    /// <summary>
    /// Names the contents: equal for equal weights only, for example a hash of the file in hexadecimal. Packed copies are found
    /// by it. Letters, digits, '-', '_' and '.' only.
    /// </summary>
    string Fingerprint { get; }

    /// <summary>Reads one tensor as float32 in row-major order. May be called from several threads at once.</summary>
    /// <param name="name">The state-dict name, for example <c>layers.0.attention.wqkv.weight</c>.</param>
    /// <param name="shape">The shape that the architecture asks for.</param>
    /// <param name="destination">Receives the values; as long as the product of <paramref name="shape"/>.</param>
    /// <exception cref="Hita.Runtime.HitaException">The tensor is missing or has another shape.</exception>
    void Read(string name, ReadOnlySpan<long> shape, Span<float> destination);
}
