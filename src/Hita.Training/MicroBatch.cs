using Hita.Runtime;
using static TorchSharp.torch;

namespace Hita.Training;

/// <summary>Which part of a step a micro-batch is.</summary>
/// <param name="Step">The step's number, from 1.</param>
/// <param name="Share">The micro-batch's share of the step's images, above 0 to 1.</param>
/// <param name="Meter">Averages what the step's micro-batches report.</param>
/// <param name="Random">The micro-batch's own random numbers.</param>
/// <param name="IsLast">Whether this rank has no other after it: its gradients are complete, part by part, while it goes back.</param>
internal sealed record MicroBatch(long Step, double Share, StepMeter Meter, StepRandom Random, bool IsLast = true)
{
    /// <summary>Reports a loss or one of its terms, one number.</summary>
    public void Report(string name, Tensor value) => Meter.Add(name, value, Share);

    /// <summary>Adds the gradients of a mean over the micro-batch.</summary>
    public void Backward(Tensor loss) => loss.Times(Share).backward();
}
