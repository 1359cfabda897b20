using System.IO.Hashing;
using System.Text;
using Hita.Checkpoints;
using Hita.Generation.Engine.Packing;

namespace Hita.Generation.Engine;

/// <summary>Weights made from their names (<see cref="WeightsByName"/>): for measurements and comparisons without a file.</summary>
/// <param name="prefix">Put before each full name.</param>
public sealed class GeneratorWeightsByName(string prefix = "") : IGeneratorWeights
{
    /// <inheritdoc/>
    public string Fingerprint { get; } = prefix.Length == 0 ? "by-name" : $"by-name-{Convert.ToHexStringLower(XxHash64.Hash(Encoding.UTF8.GetBytes(prefix)))}";

    /// <inheritdoc/>
    public void Read(string name, ReadOnlySpan<long> shape, Span<float> destination) =>
        WeightsByName.Fill(prefix + name, shape, destination);
}
