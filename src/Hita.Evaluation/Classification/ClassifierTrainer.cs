using Hita.Checkpoints;
using Hita.Training;
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
        : base(TrainedWeights.All(model.Parameters()), options.ToOptimizer(), averaging: null, seed: 0, ClassifierAdam.Instance) =>
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
}
