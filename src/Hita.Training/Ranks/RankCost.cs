using Hita.Generation.Model;
using Hita.Tokenization.Model;

namespace Hita.Training.Ranks;

/// <summary>
/// What training an architecture on several ranks takes, computed from its numbers: the memory of each rank besides activations, and what
/// it sends a step. Discriminators and networks of losses are not counted.
/// </summary>
/// <param name="Stage"><c>tokenizer</c> or <c>generator</c>.</param>
/// <param name="Name">The preset; empty for an architecture without a name.</param>
/// <param name="Ranks">How many ranks there are, 1 or more.</param>
/// <param name="Parameters">Numbers that are trained.</param>
/// <param name="FrozenParameters">Numbers of the network that are not, such as a semantic encoder's.</param>
public sealed record RankCost(string Stage, string Name, int Ranks, long Parameters, long FrozenParameters)
{
    private const int FloatBytes = 4;

    /// <summary>Bytes of the weights, float32.</summary>
    public long WeightBytes => FloatBytes * (Parameters + FrozenParameters);

    /// <summary>Bytes of the gradients.</summary>
    public long GradientBytes => FloatBytes * Parameters;

    /// <summary>Bytes of the gradients on their way to other ranks; 0 for one rank.</summary>
    public long ExchangeBytes => Ranks == 1 ? 0 : FloatBytes * Parameters;

    /// <summary>Bytes of the optimiser's two averages where every rank has them whole.</summary>
    public long OptimizerBytes => 2 * FloatBytes * Parameters;

    /// <summary>Bytes of the average of the weights where every rank has it whole.</summary>
    public long AverageBytes => FloatBytes * Parameters;

    /// <summary>Bytes of a rank, activations not counted.</summary>
    public long MemoryBytes => WeightBytes + GradientBytes + ExchangeBytes + OptimizerBytes + AverageBytes;

    /// <summary>Bytes of the optimiser's averages and that of the weights where each rank has its pieces alone (<c>distributed.shard_optimizer</c>).</summary>
    public long ShardedStateBytes => 3 * FloatBytes * ((Parameters + Ranks - 1) / Ranks);

    /// <summary>Bytes of a rank that has its pieces alone, activations not counted: 12 P + 12 P / n with P parameters and n ranks, from two ranks on.</summary>
    public long ShardedMemoryBytes => WeightBytes + GradientBytes + ExchangeBytes + ShardedStateBytes;

    /// <summary>Bytes that a rank sends a step, and as many that it receives: 2 (n − 1) / n of the gradients, as a ring of n ranks does.</summary>
    public long SentBytes => (long)(2.0 * (Ranks - 1) / Ranks * GradientBytes);

    /// <summary>Seconds that the exchange of a step takes at least, which the backward pass can hide.</summary>
    /// <param name="bandwidth">Bytes a second that a rank sends, above 0.</param>
    public double Seconds(double bandwidth)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bandwidth);
        return SentBytes / bandwidth;
    }

    /// <summary>The cost of a generator.</summary>
    /// <param name="config">The architecture.</param>
    /// <param name="ranks">How many ranks.</param>
    public static RankCost Of(GeneratorConfig config, int ranks)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentOutOfRangeException.ThrowIfLessThan(ranks, 1);
        return new RankCost("generator", config.Preset ?? "", ranks, GeneratorShapes.Of(config).Sum(static s => Count(s.Value)), 0);
    }

    /// <summary>The cost of a tokenizer.</summary>
    /// <param name="config">The architecture.</param>
    /// <param name="ranks">How many ranks.</param>
    public static RankCost Of(TokenizerConfig config, int ranks)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentOutOfRangeException.ThrowIfLessThan(ranks, 1);
        var frozen = TokenizerShapes.Of(config).ToLookup(static s => TokenizerTensorNames.IsSemantic(s.Key), static s => Count(s.Value));
        return new RankCost("tokenizer", config.Preset ?? "", ranks, frozen[false].Sum(), frozen[true].Sum());
    }

    private static long Count(IReadOnlyList<long> shape) => shape.Aggregate(1L, static (a, b) => a * b);
}
