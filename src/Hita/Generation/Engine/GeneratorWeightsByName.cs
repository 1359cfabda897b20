using Hita.Checkpoints;

namespace Hita.Generation.Engine;

/// <summary>Weights made from their names (<see cref="WeightsByName"/>): for measurements and comparisons without a file.</summary>
public sealed class GeneratorWeightsByName : IGeneratorWeights
{
    /// <inheritdoc/>
    public string Fingerprint => "by-name";

    /// <inheritdoc/>
    public void Read(string name, ReadOnlySpan<long> shape, Span<float> destination) =>
        WeightsByName.Fill(name, shape, destination);
}
