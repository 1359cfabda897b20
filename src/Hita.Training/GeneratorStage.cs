using Hita.Checkpoints;
using Hita.Generation.Model;
using Hita.Runtime;
using Hita.Training.Optimization;
using static TorchSharp.torch;

namespace Hita.Training;

/// <summary>Trains a generator of codes, with holistic codes or, in the vanilla family, without.</summary>
public sealed partial class GeneratorStage : ITrainingStage<GeneratorBatch>
{
    private readonly GeneratorModel _model;
    private readonly GeneratorStageOptions _options;
    private readonly ulong _seed;
    private readonly IReadOnlyDictionary<string, Tensor> _parameters;
    private readonly AdamOptimizer _optimizer;
    private readonly Gradients _gradients;
    private readonly WeightAverage _average;
    private readonly Device _device;

    /// <summary>Takes over a network.</summary>
    internal GeneratorStage(GeneratorModel model, GeneratorStageOptions options, ulong seed, ITensorLists? lists = null)
    {
        _model = model;
        _options = options.Validate();
        _seed = seed;
        _parameters = model.Parameters();
        _device = model.Placement.Device;
        _optimizer = new AdamOptimizer(_parameters, options.Optimizer, lists);
        _gradients = new Gradients(_parameters, lists);
        _average = new WeightAverage(_parameters, lists);
        State = new Dictionary<string, IReadOnlyDictionary<string, Tensor>>(StringComparer.Ordinal)
        {
            ["model"] = _parameters,
            ["ema"] = _average.State,
            ["optimizer"] = _optimizer.State,
        };
    }

    /// <summary>The architecture.</summary>
    public GeneratorConfig Config => _model.Config;

    /// <summary>How it trains.</summary>
    public GeneratorStageOptions Options => _options;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, Tensor>> State { get; }

    /// <summary>Told each part of a step when it is done, on the thread that takes the step; for measuring where time goes.</summary>
    internal Action<StepPart>? PartDone { get; set; }

    /// <inheritdoc/>
    /// <exception cref="HitaException">A batch does not fit the generator: its codes come from another tokenizer.</exception>
    public StageReport TakeStep(IReadOnlyList<GeneratorBatch> microBatches, long number)
    {
        ArgumentNullException.ThrowIfNull(microBatches);
        ArgumentOutOfRangeException.ThrowIfLessThan(number, 1);
        if (microBatches.Count == 0)
            throw new ArgumentException("A step needs at least one batch.", nameof(microBatches));
        foreach (var batch in microBatches)
            GeneratorBatchChecks.Check(batch, Config);
        var total = microBatches.Sum(static b => b.Classes.Length);
        using var scope = NewDisposeScope();
        using var graph = enable_grad();
        _model.train();
        _gradients.Clear();
        var meter = new StepMeter();
        try
        {
            for (var i = 0; i < microBatches.Count; i++)
                Learn(microBatches[i], meter, number, i, (double)microBatches[i].Classes.Length / total);
            return Finish(meter, number);
        }
        finally
        {
            meter.Dispose();
            _gradients.Clear();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _optimizer.Dispose();
        _average.Dispose();
        _model.Dispose();
    }

    private void Learn(GeneratorBatch batch, StepMeter meter, long number, int index, double share)
    {
        using var scope = NewDisposeScope();
        var random = new StepRandom(_seed, number, index);
        random.SeedLibrary();
        var classes = Array.ConvertAll(batch.Classes, c => random.NextDouble() < _options.ClassDropout ? Config.ClassCount : c);
        using var recomputed = _options.ActivationCheckpointing ? new RecomputedBlocks(_model, random, Cast) : null;
        Losses losses;
        using (var cast = Cast())
            losses = Run(batch, classes, recomputed);
        if (losses.Holistic is not null)
        {
            meter.Add("loss", losses.Total, share);
            meter.Add("holistic_loss", losses.Holistic, share);
            meter.Add("patch_loss", losses.Patch, share);
        }
        else
        {
            meter.Add("loss", losses.Patch, share);
        }
        PartDone?.Invoke(StepPart.Loss);
        losses.Total.Times(share).backward();
        recomputed?.Backward();
        PartDone?.Invoke(StepPart.Backward);
    }

    private Autocast? Cast() => _options.Precision == Precision.BFloat16 ? Autocast.BFloat16(_device) : null;

    private StageReport Finish(StepMeter meter, long number)
    {
        using var scope = NewDisposeScope();
        var gradients = _gradients.Read();
        var norm = _gradients.Norm(gradients);
        var values = meter.Read();
        values.Add(KeyValuePair.Create("grad_norm", norm));
        if (!values.TrueForAll(static v => double.IsFinite(v.Value)))
            return new StageReport(values, Skipped: true);
        _gradients.Clip(gradients, norm, _options.Optimizer.ClipNorm);
        _optimizer.Step(gradients, number);
        PartDone?.Invoke(StepPart.Optimizer);
        _average.Update(_options.Average.DecayAt(number));
        PartDone?.Invoke(StepPart.Average);
        values.Add(KeyValuePair.Create("learning_rate", _options.Optimizer.RateAt(number)));
        return new StageReport(values, Skipped: false);
    }

    // One mean cross-entropy per head, the two added.
    private Losses Run(GeneratorBatch batch, int[] classes, RecomputedBlocks? recomputed = null)
    {
        using var scope = NewDisposeScope();
        int size = classes.Length, holisticCount = Config.HolisticTokenCount, patchCount = Config.PatchTokenCount;
        var patches = TensorOps.FromInts(batch.Patches, size, patchCount).to(_device);
        var tokens = holisticCount > 0 ? cat([TensorOps.FromInts(batch.Holistic, size, holisticCount).to(_device), patches], 1) : patches;
        var numbers = TensorOps.FromInts(classes, size).to(_device);
        var inputs = tokens.narrow(1, 0, Config.SequenceLength - 1);
        var hidden = recomputed is null ? _model.Hidden(numbers, inputs) : recomputed.Hidden(numbers, inputs); // [B, M + N, C]
        PartDone?.Invoke(StepPart.Network);
        var patch = CrossEntropy(_model.PatchLogits(hidden.narrow(1, holisticCount, patchCount)), patches);
        if (holisticCount == 0)
            return new Losses(patch.MoveToOuterDisposeScope(), null, patch);
        var holistic = CrossEntropy(_model.HolisticLogits(hidden.narrow(1, 0, holisticCount)), tokens.narrow(1, 0, holisticCount));
        return new Losses(patch.MoveToOuterDisposeScope(), holistic.MoveToOuterDisposeScope(), holistic.Plus(patch).MoveToOuterDisposeScope());
    }

    private static Tensor CrossEntropy(Tensor logits, Tensor targets)
    {
        using var scope = NewDisposeScope();
        var flat = logits.reshape(-1, logits.size(2)).to(ScalarType.Float32);
        return nn.functional.cross_entropy(flat, targets.reshape(-1)).MoveToOuterDisposeScope();
    }

    private sealed record Losses(Tensor Patch, Tensor? Holistic, Tensor Total);
}
