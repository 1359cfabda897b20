using Hita.Checkpoints;
using Hita.Generation.Engine.Packing;
using Hita.Runtime;

namespace Hita.Generation.Engine;

/// <summary>The weights of an opened file or model folder.</summary>
/// <param name="source">The opened file; it stays the caller's and must stay open while weights are packed.</param>
public sealed class GeneratorWeightsFromFile(ITensorSource source) : IGeneratorWeights
{
    /// <inheritdoc/>
    public string Fingerprint { get; } = WeightFingerprint.Of(source);

    /// <inheritdoc/>
    public void Read(string name, ReadOnlySpan<long> shape, Span<float> destination)
    {
        if (!source.Tensors.TryGetValue(name, out var entry))
            throw new CheckpointException(source.Path, $"the tensor {name} is missing, so that the generator cannot be packed.");
        if (!entry.HasShape(shape))
        {
            throw new CheckpointException(
                source.Path,
                $"the tensor {name} is {entry.ShapeText}, and the configuration asks for [{string.Join(", ", shape.ToArray())}].");
        }
        source.ReadFloats(name, destination);
    }
}
