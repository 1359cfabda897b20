using static TorchSharp.torch;

namespace Hita.Training;

/// <summary>Something that learns step by step: its networks, optimisers and averages, and how they take a step.</summary>
/// <typeparam name="TBatch">What a step learns from.</typeparam>
public interface ITrainer<TBatch> : IDisposable
{
    /// <summary>
    /// Everything that training changes, by file: <c>model</c>, <c>ema</c>, <c>optimizer</c> and, with a discriminator,
    /// <c>discriminator</c> and <c>optimizer_disc</c>. Written tensor by tensor and read back in place, it is the whole state:
    /// a trainer loaded with it takes the same next step to the bit.
    /// </summary>
    IReadOnlyDictionary<string, IReadOnlyDictionary<string, Tensor>> State { get; }

    /// <summary>Takes one step of the optimisers. All that is random in it is a function of the seed and the step's number.</summary>
    /// <param name="microBatches">What to learn from, at least one; several are accumulated into one step.</param>
    /// <param name="number">The step's number, from 1.</param>
    StepReport TakeStep(IReadOnlyList<TBatch> microBatches, long number);
}

/// <summary>What a step measured.</summary>
/// <param name="Values">Losses, gradient norms, learning rates, code usage by name, in the order in which they are shown.</param>
/// <param name="Skipped">Whether a loss or gradient was not finite, so that nothing was changed.</param>
public sealed record StepReport(IReadOnlyList<KeyValuePair<string, double>> Values, bool Skipped);
