using Hita.Runtime;
using Hita.Training.Optimization;
using static TorchSharp.torch;

namespace Hita.Evaluation.Classification;

/// <summary>
/// Adam as classifiers have been trained with from the first: epsilon is added to the root of the mean square before its
/// correction, not after it. Classifiers are compared and kept by what they were trained with, so this stays as it is.
/// </summary>
internal sealed class ClassifierAdam : ITensorLists
{
    private ClassifierAdam()
    {
    }

    /// <summary>The one there is: it holds nothing.</summary>
    public static ITensorLists Instance { get; } = new ClassifierAdam();

    /// <inheritdoc/>
    public Tensor Norms(IReadOnlyList<Tensor> tensors) => TensorLists.Fused.Norms(tensors);

    /// <inheritdoc/>
    public void ScaleInPlace(IReadOnlyList<Tensor> tensors, Tensor factor) => TensorLists.Fused.ScaleInPlace(tensors, factor);

    /// <inheritdoc/>
    public void MoveTowards(IReadOnlyList<Tensor> tensors, IReadOnlyList<Tensor> targets, double weight) =>
        TensorLists.Fused.MoveTowards(tensors, targets, weight);

    /// <inheritdoc/>
    public void Adam(AdamTensors state, double rate, double decay, OptimizerOptions options)
    {
        for (var i = 0; i < state.Parameters.Length; i++)
        {
            using var scope = NewDisposeScope();
            var step = state.Steps[i].ToDouble();
            var corrected = rate * Math.Sqrt(1 - Math.Pow(options.Beta2, step)) / (1 - Math.Pow(options.Beta1, step));
            var (value, gradient, mean, square) = (state.Parameters[i], state.Gradients[i], state.Means[i], state.Squares[i]);
            mean.ScaleInPlace(options.Beta1);
            mean.AddInPlace(gradient.Times(1 - options.Beta1));
            square.ScaleInPlace(options.Beta2);
            square.AddInPlace(gradient.Times(gradient).Times(1 - options.Beta2));
            // Rates change with every step: as tensors, since constants are kept for ever.
            var change = mean.Over(square.sqrt().Plus(options.Epsilon)).Times(TensorOps.FromFloats([(float)-corrected], 1));
            if (decay > 0)
                change = change.Plus(value.Times(TensorOps.FromFloats([(float)(-rate * decay)], 1)));
            value.AddInPlace(change);
        }
    }
}
