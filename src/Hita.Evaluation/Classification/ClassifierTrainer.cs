using Hita.Checkpoints;
using Hita.Runtime;
using Hita.Training;
using Hita.Training.Optimization;
using static TorchSharp.torch;

namespace Hita.Evaluation.Classification;

/// <summary>Trains a classifier's network, which stays the caller's.</summary>
internal sealed class ClassifierTrainer : Trainer<ClassifierBatch>
{
    private readonly ClassifierModel _model;
    private readonly ClassifierTrainingOptions _options;

    /// <param name="model">The network.</param>
    /// <param name="options">How it is trained.</param>
    public ClassifierTrainer(ClassifierModel model, ClassifierTrainingOptions options)
        : base(TrainedWeights.All(model.Parameters()), options.ToOptimizer(), averaging: null, seed: 0, new ClassifierLists()) =>
        (_model, _options) = (model, options);

    /// <inheritdoc/>
    private protected override int CountImages(ClassifierBatch batch) => batch.Classes.Length;

    /// <inheritdoc/>
    private protected override void Begin() => _model.train();

    /// <inheritdoc/>
    private protected override void Learn(ClassifierBatch batch, MicroBatch at)
    {
        var loss = nn.functional.cross_entropy(_model.call(batch.Images()), batch.Labels());
        at.Report("loss", loss);
        at.Backward(loss);
    }

    /// <inheritdoc/>
    private protected override double RateAt(long number) => _options.RateAt(number);

    /// <inheritdoc/>
    private protected override void DisposeNetworks()
    {
    }

    /// <summary>
    /// Adam as classifiers have been trained with from the first: epsilon is added to the root of the mean square before its
    /// correction, not after it. Classifiers are compared and kept by what they were trained with, so this stays as it is.
    /// </summary>
    private sealed class ClassifierLists : ITensorLists
    {
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
}
