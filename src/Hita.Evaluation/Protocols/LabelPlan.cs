using Hita.Metrics;

namespace Hita.Evaluation.Protocols;

/// <summary>The classes of the samples that a generator is judged by.</summary>
public static class LabelPlan
{
    /// <summary>The class of each sample.</summary>
    /// <param name="protocol">Says which plan.</param>
    /// <param name="count">Samples, 1 or more.</param>
    /// <param name="classCount">Classes of the generator, 1 or more.</param>
    /// <returns>
    /// Balanced: the classes in turn (0, 1, 2, … and again), so that a run that is stopped early is balanced as well. Random: sampled
    /// evenly and independently with the protocol's seed, the same on every machine; a shorter plan begins a longer one.
    /// </returns>
    public static int[] Create(EvaluationProtocol protocol, int count, int classCount)
    {
        ArgumentNullException.ThrowIfNull(protocol);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(classCount, 1);
        var classes = new int[count];
        var state = protocol.LabelSeed;
        for (var i = 0; i < count; i++)
            classes[i] = protocol.Labels == LabelPlanKind.Balanced ? i % classCount : SampleOrder.Below(ref state, (uint)classCount);
        return classes;
    }

    /// <summary>
    /// The place of each sample in the order of the Inception score, or null where that is the order in which samples come.
    /// </summary>
    /// <param name="protocol">Says which order.</param>
    /// <param name="count">Samples in all.</param>
    public static int[]? Places(EvaluationProtocol protocol, int count)
    {
        ArgumentNullException.ThrowIfNull(protocol);
        return protocol.Order == ScoreOrder.Shuffled ? SampleOrder.Shuffled(count, protocol.ShuffleSeed) : null;
    }
}
