using Hita.Runtime;
using Hita.Tokenization;
using Hita.Tokenization.Model;
using Hita.Training.Losses;
using Hita.Training.Optimization;
using static TorchSharp.torch;

namespace Hita.Training;

/// <summary>Trains a tokenizer: Hita-V, Hita-U or the vanilla family's.</summary>
public sealed partial class TokenizerStage : ITrainingStage<TokenizerBatch>
{
    private readonly TokenizerModel _model;
    private readonly TokenizerStageOptions _options;
    private readonly TokenizerAssets _assets;
    private readonly TokenizerObjective _objective;
    private readonly Adversary? _adversary;
    private readonly ulong _seed;
    private readonly IReadOnlyDictionary<string, Tensor> _kept;
    private readonly AdamOptimizer _optimizer;
    private readonly Gradients _gradients;
    private readonly WeightAverage _average;
    private readonly CodeWindow _patchWindow;
    private readonly CodeWindow? _holisticWindow;
    private readonly Device _device;

    /// <summary>Takes over a network and what goes with it.</summary>
    internal TokenizerStage(
        TokenizerModel model, TokenizerStageOptions options, TokenizerAssets assets, ulong seed, ITensorLists? lists = null)
    {
        _model = model;
        _options = options.Validate();
        options.CheckFor(model.Config);
        _assets = assets;
        _seed = seed;
        _kept = TrainedWeights.Kept(model);
        var trained = TrainedWeights.Choose(_kept, options.Scope);
        _device = _kept.Values.First().device;
        _objective = new TokenizerObjective(model, options, assets.Perceptual);
        _optimizer = new AdamOptimizer(trained, options.Optimizer, lists);
        _gradients = new Gradients(trained, lists);
        _average = new WeightAverage(_kept, lists);
        _adversary = assets.Discriminator is { } network ? new Adversary(network, options.Discriminator!, lists) : null;
        _patchWindow = new CodeWindow(model.Config.CodebookSize, options.Codebook.UsageWindow);
        _holisticWindow = model.Config.Holistic is null ? null : new CodeWindow(model.Config.CodebookSize, options.Codebook.UsageWindow);
        State = CollectState();
    }

    /// <summary>The architecture.</summary>
    public TokenizerConfig Config => _model.Config;

    /// <inheritdoc/>
    /// <remarks>
    /// The semantic encoder is not part of it: it never changes, and comes from the weights or the file that the stage was made
    /// with. The latest codes of both codebooks lie beside the optimiser's tensors.
    /// </remarks>
    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, Tensor>> State { get; }

    /// <summary>How it trains.</summary>
    public TokenizerStageOptions Options => _options;

    /// <summary>
    /// Told the reconstruction of each micro-batch, and that the <c>gradients</c> (then without a tensor) lie at the parameters,
    /// clipped; for comparisons with other implementations.
    /// </summary>
    internal Action<string, Tensor?>? Observer { get; set; }

    /// <summary>Told each part of a step when it is done, on the thread that takes the step; for measuring where time goes.</summary>
    internal Action<StepPart>? PartDone
    {
        get => _objective.PartDone;
        set => _objective.PartDone = value;
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">There is no image, or the images are not float32 [B, 3, H, W] of a possible size.</exception>
    public StageReport TakeStep(IReadOnlyList<TokenizerBatch> microBatches, long number)
    {
        ArgumentNullException.ThrowIfNull(microBatches);
        ArgumentOutOfRangeException.ThrowIfLessThan(number, 1);
        var total = Check(microBatches);
        using var scope = NewDisposeScope();
        using var graph = enable_grad();
        _objective.EnterTraining();
        _gradients.Clear();
        _adversary?.BeginStep();
        var step = new Step(number);
        try
        {
            for (var i = 0; i < microBatches.Count; i++)
                Learn(microBatches[i], step, i, (double)microBatches[i].Pixels.size(0) / total);
            return Finish(step);
        }
        finally
        {
            step.Meter.Dispose();
            _gradients.Clear();
            _adversary?.EndStep();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _optimizer.Dispose();
        _average.Dispose();
        _adversary?.Dispose();
        _patchWindow.Dispose();
        _holisticWindow?.Dispose();
        _assets.Dispose();
        _model.Dispose();
    }

    // The forward pass of a micro-batch, and the gradients of both networks.
    private void Learn(TokenizerBatch batch, Step step, int index, double share)
    {
        using var scope = NewDisposeScope();
        var random = new StepRandom(_seed, step.Number, index);
        random.SeedLibrary();
        var images = batch.Pixels.to(_device);
        var pass = _objective.Run(images, random);
        var loss = pass.Loss;
        Observer?.Invoke("reconstruction", pass.Reconstruction);
        if (_adversary?.Challenge(pass.Reconstruction, step.Number, random) is { } adversarial)
        {
            var weighted = adversarial.Times(_adversary.WeightAt(step.Number));
            loss = loss.Plus(weighted);
            step.Meter.Add("loss", loss, share);
            AddTerms(step, pass, share);
            step.Meter.Add("adversarial", weighted, share);
        }
        else
        {
            step.Meter.Add("loss", loss, share);
            AddTerms(step, pass, share);
        }
        PartDone?.Invoke(StepPart.Loss);
        loss.Times(share).backward();
        PartDone?.Invoke(StepPart.Backward);
        if (_adversary?.Learn(images, pass.Reconstruction, step.Number, share, random) is { } own)
            step.Meter.Add("discriminator", own, share);
        if (_adversary is not null)
            PartDone?.Invoke(StepPart.Discriminator);
        step.Remember(pass, keepFeatures: RevivesAt(step.Number));
    }

    private static void AddTerms(Step step, TokenizerPass pass, double share)
    {
        foreach (var (name, value) in pass.Terms)
            step.Meter.Add(name, value, share);
    }

    // Both networks' gradients are known and nothing has been changed yet: a step is taken as a whole or not at all.
    private StageReport Finish(Step step)
    {
        using var scope = NewDisposeScope();
        var gradients = _gradients.Read();
        var norm = _gradients.Norm(gradients);
        var values = step.Meter.Read();
        values.Add(KeyValuePair.Create("grad_norm", norm));
        Tensor?[] opposing = [];
        var opposingNorm = 0.0;
        if (_adversary is not null)
        {
            opposing = _adversary.Gradients(step.Number);
            opposingNorm = _adversary.Norm(opposing);
            values.Add(KeyValuePair.Create("discriminator_grad_norm", opposingNorm));
        }
        if (!values.TrueForAll(static v => double.IsFinite(v.Value)))
        {
            _adversary?.Undo();
            return new StageReport(values, Skipped: true);
        }

        _gradients.Clip(gradients, norm, _options.Optimizer.ClipNorm);
        Observer?.Invoke("gradients", null);
        _optimizer.Step(gradients, step.Number);
        PartDone?.Invoke(StepPart.Optimizer);
        _average.Update(_options.Average.DecayAt(step.Number));
        PartDone?.Invoke(StepPart.Average);
        if (_adversary is not null)
        {
            _adversary.Update(opposing, opposingNorm, step.Number);
            PartDone?.Invoke(StepPart.Discriminator);
        }
        values.Add(KeyValuePair.Create("learning_rate", _options.Optimizer.RateAt(step.Number)));
        Report(values, "patch", _patchWindow, step.PatchCodes);
        if (_holisticWindow is not null)
            Report(values, "holistic", _holisticWindow, step.HolisticCodes);
        if (RevivesAt(step.Number))
            Revive(step);
        return new StageReport(values, Skipped: false);
    }

    private static void Report(List<KeyValuePair<string, double>> values, string kind, CodeWindow window, List<int> codes)
    {
        window.Add(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(codes));
        var (usage, perplexity) = window.Measure();
        values.Add(KeyValuePair.Create($"{kind}_usage", usage));
        values.Add(KeyValuePair.Create($"{kind}_perplexity", perplexity));
    }

    private int Check(IReadOnlyList<TokenizerBatch> batches)
    {
        if (batches.Count == 0)
            throw new ArgumentException("A step needs at least one batch.", nameof(batches));
        foreach (var batch in batches)
        {
            var pixels = batch.Pixels;
            if (pixels.dtype != ScalarType.Float32 || pixels.Dimensions != 4 || pixels.size(1) != 3 || pixels.size(0) == 0)
                throw new ArgumentException($"A tensor {pixels.ShapeText()} of {pixels.dtype} does not hold images; float32 [B, 3, H, W] does.", nameof(batches));
            ImageShape.Check(pixels.size(2), pixels.size(3), Config);
        }
        return (int)batches.Sum(static b => b.Pixels.size(0));
    }

    private Dictionary<string, IReadOnlyDictionary<string, Tensor>> CollectState()
    {
        var optimizer = new Dictionary<string, Tensor>(_optimizer.State, StringComparer.Ordinal) { ["latest_codes.patch"] = _patchWindow.State };
        if (_holisticWindow is not null)
            optimizer["latest_codes.holistic"] = _holisticWindow.State;
        var state = new Dictionary<string, IReadOnlyDictionary<string, Tensor>>(StringComparer.Ordinal)
        {
            ["model"] = _kept,
            ["ema"] = _average.State,
            ["optimizer"] = optimizer,
        };
        if (_adversary is not null)
        {
            state["discriminator"] = _adversary.State;
            state["optimizer_disc"] = _adversary.OptimizerState;
        }
        return state;
    }

    /// <summary>What a step gathers from its micro-batches.</summary>
    private sealed class Step(long number)
    {
        public long Number { get; } = number;

        public StepMeter Meter { get; } = new();

        public List<int> PatchCodes { get; } = [];

        public List<int> HolisticCodes { get; } = [];

        /// <summary>Features at unit length, [B·T, d], to replace unused entries by.</summary>
        public List<Tensor> PatchFeatures { get; } = [];

        public List<Tensor> HolisticFeatures { get; } = [];

        public void Remember(TokenizerPass pass, bool keepFeatures)
        {
            PatchCodes.AddRange(pass.Patches.Codes.ToInts());
            if (pass.Holistic is not null)
                HolisticCodes.AddRange(pass.Holistic.Codes.ToInts());
            if (!keepFeatures)
                return;
            PatchFeatures.Add(Flat(pass.Patches));
            if (pass.Holistic is not null)
                HolisticFeatures.Add(Flat(pass.Holistic));
        }

        private static Tensor Flat(QuantizedFeatures quantized) =>
            quantized.Features.detach().reshape(-1, quantized.Features.size(2)).MoveToOuterDisposeScope();
    }
}
