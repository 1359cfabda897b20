using System.Globalization;
using Hita.Checkpoints;
using Hita.Generation.Model;
using Hita.Runtime;
using Hita.Training.Optimization;
using static TorchSharp.torch;

namespace Hita.Training;

/// <summary>Trains a generator of codes, with holistic codes or, in the vanilla family, without.</summary>
public sealed partial class GeneratorTrainer : Trainer<GeneratorBatch>
{
    private readonly GeneratorModel _model;
    private readonly GeneratorTrainingOptions _options;
    private readonly Device _device;

    /// <summary>Takes over a network.</summary>
    internal GeneratorTrainer(GeneratorModel model, GeneratorTrainingOptions options, ulong seed, ITensorLists? lists = null)
        : base(TrainedWeights.All(model.Parameters()), options.Validate().Optimizer, options.Average, seed, lists)
    {
        _model = model;
        _options = options;
        _device = model.Placement.Device;
    }

    /// <summary>The architecture.</summary>
    public GeneratorConfig Config => _model.Config;

    /// <summary>How it trains.</summary>
    public GeneratorTrainingOptions Options => _options;

    /// <inheritdoc/>
    private protected override int CountImages(GeneratorBatch batch)
    {
        GeneratorBatchChecks.Check(batch, Config);
        return batch.Classes.Length;
    }

    /// <inheritdoc/>
    private protected override void Begin() => _model.train();

    /// <inheritdoc/>
    private protected override void Learn(GeneratorBatch batch, MicroBatch at)
    {
        at.Random.SeedLibrary();
        var classes = Array.ConvertAll(batch.Classes, c => at.Random.NextDouble() < _options.ClassDropout ? Config.ClassCount : c);
        using var parts = Parts(at);
        Losses losses;
        using (var cast = Cast())
            losses = Run(batch, classes, parts);
        at.Report("loss", losses.Total);
        if (losses.Holistic is not null)
        {
            at.Report("holistic_loss", losses.Holistic);
            at.Report("patch_loss", losses.Patch);
        }
        PartDone?.Invoke(StepPart.Loss);
        at.Backward(losses.Total);
        parts?.Backward(at.IsLast && Buckets is { } buckets ? block => buckets.Begin(StageOfBlock(block)) : null);
        if (at.IsLast)
            Buckets?.Begin(int.MaxValue);
        PartDone?.Invoke(StepPart.Backward);
    }

    // Blocks from the last to the first, with the head before them and the tables after them.
    private protected override int StageOf(string name)
    {
        var parts = name.Split('.');
        return parts[0] switch
        {
            "norm" or "output" => 0,
            "layers" => StageOfBlock(int.Parse(parts[1], CultureInfo.InvariantCulture)),
            _ => _model.BlockCount + 1,
        };
    }

    private int StageOfBlock(int block) => _model.BlockCount - block;

    // In parts where memory is to be saved, or where other ranks can be given a part while the next one is computed.
    private IBlockPasses? Parts(MicroBatch at) =>
        _options.ActivationCheckpointing ? new RecomputedBlocks(_model, at.Random, Cast)
        : at.IsLast && Buckets is not null ? new BlockSegments(_model)
        : null;

    /// <inheritdoc/>
    private protected override void DisposeNetworks() => _model.Dispose();

    private Autocast? Cast() => _options.Precision == Precision.BFloat16 ? Autocast.BFloat16(_device) : null;

    // One mean cross-entropy per head, the two added.
    private Losses Run(GeneratorBatch batch, int[] classes, IBlockPasses? parts = null)
    {
        using var scope = NewDisposeScope();
        int size = classes.Length, holisticCount = Config.HolisticTokenCount, patchCount = Config.PatchTokenCount;
        var patches = TensorOps.FromInts(batch.Patches, size, patchCount).to(_device);
        var tokens = holisticCount > 0 ? cat([TensorOps.FromInts(batch.Holistic, size, holisticCount).to(_device), patches], 1) : patches;
        var numbers = TensorOps.FromInts(classes, size).to(_device);
        var inputs = tokens.narrow(1, 0, Config.SequenceLength - 1);
        var hidden = parts is null ? _model.Hidden(numbers, inputs) : parts.Hidden(numbers, inputs); // [B, M + N, C]
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
