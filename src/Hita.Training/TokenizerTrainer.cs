using Hita.Runtime;
using Hita.Tokenization;
using Hita.Tokenization.Model;
using Hita.Training.Losses;
using Hita.Training.Optimization;
using Hita.Training.Ranks;
using static TorchSharp.torch;

namespace Hita.Training;

/// <summary>Trains a tokenizer: Hita-V, Hita-U or the vanilla family's.</summary>
/// <remarks>
/// The semantic encoder is not part of the state: it never changes, and comes from the weights or the file that the trainer was
/// made with. The latest codes of both codebooks lie beside the optimiser's tensors.
/// </remarks>
public sealed partial class TokenizerTrainer : Trainer<TokenizerBatch>
{
    private readonly TokenizerModel _model;
    private readonly TokenizerTrainingOptions _options;
    private readonly TokenizerAssets _assets;
    private readonly TokenizerObjective _objective;
    private readonly Adversary? _adversary;
    private readonly CodeWindow _patchWindow;
    private readonly CodeWindow? _holisticWindow;
    private readonly Device _device;
    private StepCodes _codes = new();

    /// <summary>Takes over a network and what goes with it.</summary>
    internal TokenizerTrainer(
        TokenizerModel model, TokenizerTrainingOptions options, TokenizerAssets assets, ulong seed, ITensorLists? lists = null)
        : base(Choose(model, options), options.Optimizer, options.Average, seed, lists)
    {
        _model = model;
        _options = options;
        _assets = assets;
        _device = Weights.Values.First().device;
        _objective = new TokenizerObjective(model, options, assets.Perceptual) { PartDone = part => PartDone?.Invoke(part) };
        _adversary = assets.Discriminator is { } network ? new Adversary(network, options.Discriminator!, lists) : null;
        _patchWindow = new CodeWindow(model.Config.CodebookSize, options.Codebook.UsageWindow);
        _holisticWindow = model.Config.Holistic is null ? null : new CodeWindow(model.Config.CodebookSize, options.Codebook.UsageWindow);
        AddOwnState();
    }

    /// <summary>The architecture.</summary>
    public TokenizerConfig Config => _model.Config;

    /// <summary>How it trains.</summary>
    public TokenizerTrainingOptions Options => _options;

    /// <inheritdoc/>
    private protected override int CountImages(TokenizerBatch batch)
    {
        var pixels = batch.Pixels;
        if (pixels.dtype != ScalarType.Float32 || pixels.Dimensions != 4 || pixels.size(1) != 3 || pixels.size(0) == 0)
            throw new ArgumentException($"A tensor {pixels.ShapeText()} of {pixels.dtype} does not hold images; float32 [B, 3, H, W] does.", nameof(batch));
        ImageShape.Check(pixels.size(2), pixels.size(3), Config);
        return (int)pixels.size(0);
    }

    /// <inheritdoc/>
    private protected override void Joined(RankExchange exchange)
    {
        if (exchange.Options.SyncBatchNorm)
            _adversary?.ShareStatistics(exchange);
    }

    /// <inheritdoc/>
    private protected override void Begin()
    {
        _objective.EnterTraining();
        _adversary?.BeginStep();
    }

    /// <inheritdoc/>
    private protected override void Learn(TokenizerBatch batch, MicroBatch at)
    {
        at.Random.SeedLibrary();
        var images = batch.Pixels.to(_device);
        var pass = _objective.Run(images, at.Random);
        Observer?.Invoke("reconstruction", pass.Reconstruction);
        var adversarial = _adversary?.Challenge(pass.Reconstruction, at.Step, at.Random)?.Times(_adversary.WeightAt(at.Step));
        var loss = adversarial is null ? pass.Loss : pass.Loss.Plus(adversarial);
        at.Report("loss", loss);
        foreach (var (name, value) in pass.Terms)
            at.Report(name, value);
        if (adversarial is not null)
            at.Report("adversarial", adversarial);
        PartDone?.Invoke(StepPart.Loss);
        at.Backward(loss);
        Exchange?.ThrowIfFailed();
        // Underway while the discriminator learns.
        if (at.IsLast)
            Buckets?.Begin(int.MaxValue);
        PartDone?.Invoke(StepPart.Backward);
        if (_adversary?.Learn(images, pass.Reconstruction, at) is { } own)
            at.Report("discriminator", own);
        Exchange?.ThrowIfFailed();
        if (_adversary is not null)
            PartDone?.Invoke(StepPart.Discriminator);
        _codes.Add(pass, keepFeatures: RevivesAt(at.Step));
    }

    /// <inheritdoc/>
    private protected override void Share(long number)
    {
        if (Exchange is null)
            return;
        _adversary?.Share(Exchange, number);
        Exchange.Gather(_codes.Patches);
        if (_holisticWindow is not null)
            Exchange.Gather(_codes.Holistic);
        if (!RevivesAt(number))
            return;
        Together(_codes.PatchFeatures);
        if (_holisticWindow is not null)
            Together(_codes.HolisticFeatures);

        void Together(List<Tensor> features)
        {
            var all = Exchange.Gather(cat(features, 0));
            features.Clear();
            features.Add(all);
        }
    }

    /// <inheritdoc/>
    private protected override void Measure(List<KeyValuePair<string, double>> values, long number)
    {
        if (_adversary is not null)
            values.Add(KeyValuePair.Create("discriminator_grad_norm", _adversary.Measure(number)));
    }

    /// <inheritdoc/>
    private protected override void Undo() => _adversary?.Undo();

    /// <inheritdoc/>
    private protected override void Complete(List<KeyValuePair<string, double>> values, long number)
    {
        if (_adversary is not null)
        {
            _adversary.Update(number);
            PartDone?.Invoke(StepPart.Discriminator);
        }
        Report(values, "patch", _patchWindow, _codes.Patches);
        if (_holisticWindow is not null)
            Report(values, "holistic", _holisticWindow, _codes.Holistic);
        if (RevivesAt(number))
            Revive(number);
    }

    /// <inheritdoc/>
    private protected override void End()
    {
        _adversary?.EndStep();
        _codes = new StepCodes();
    }

    /// <inheritdoc/>
    private protected override void DisposeNetworks()
    {
        _adversary?.Dispose();
        _patchWindow.Dispose();
        _holisticWindow?.Dispose();
        _assets.Dispose();
        _model.Dispose();
    }

    private static TrainedWeights Choose(TokenizerModel model, TokenizerTrainingOptions options)
    {
        options.Validate().CheckFor(model.Config);
        return TrainedWeights.Of(model, options.Scope);
    }

    private static void Report(List<KeyValuePair<string, double>> values, string kind, CodeWindow window, List<int> codes)
    {
        window.Add(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(codes));
        var (usage, perplexity) = window.Measure();
        values.Add(KeyValuePair.Create($"{kind}_usage", usage));
        values.Add(KeyValuePair.Create($"{kind}_perplexity", perplexity));
    }

    private void AddOwnState()
    {
        AddState("optimizer", new Dictionary<string, Tensor> { ["latest_codes.patch"] = _patchWindow.State });
        if (_holisticWindow is not null)
            AddState("optimizer", new Dictionary<string, Tensor> { ["latest_codes.holistic"] = _holisticWindow.State });
        if (_adversary is not null)
        {
            AddState("discriminator", _adversary.State);
            AddState("optimizer_disc", _adversary.OptimizerState);
        }
    }

    private bool RevivesAt(long step) =>
        _options.Codebook.RevivalInterval > 0 && _options.Scope == TokenizerScope.All && step % _options.Codebook.RevivalInterval == 0;

    private void Revive(long step)
    {
        Revive("quantize.embedding.weight", _patchWindow, _codes.PatchFeatures, step);
        if (_holisticWindow is not null)
            Revive("slot_quantize.embedding.weight", _holisticWindow, _codes.HolisticFeatures, step);
    }

    // Unused entries take features of this step, sampled without preference.
    private void Revive(string name, CodeWindow window, List<Tensor> features, long step)
    {
        if (!window.IsFull || window.Unused() is not { Length: > 0 } unused)
            return;
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        var random = RandomOf(step, -1);
        var all = cat(features, 0);
        var sampled = Array.ConvertAll(unused, _ => (int)random.NextBelow(all.size(0)));
        var values = all.index_select(0, TensorOps.FromInts(sampled, sampled.Length).to(_device));
        ReplaceRows(name, TensorOps.FromInts(unused, unused.Length).to(_device), values);
    }

    /// <summary>The codes of a step's micro-batches, and where entries are about to be revived the features that they stand for.</summary>
    private sealed class StepCodes
    {
        public List<int> Patches { get; } = [];

        public List<int> Holistic { get; } = [];

        /// <summary>Features at unit length, [B·T, d], to replace unused entries by.</summary>
        public List<Tensor> PatchFeatures { get; } = [];

        public List<Tensor> HolisticFeatures { get; } = [];

        public void Add(TokenizerPass pass, bool keepFeatures)
        {
            Patches.AddRange(pass.Patches.Codes.ToInts());
            if (pass.Holistic is not null)
                Holistic.AddRange(pass.Holistic.Codes.ToInts());
            if (!keepFeatures)
                return;
            PatchFeatures.Add(Flat(pass.Patches));
            if (pass.Holistic is not null)
                HolisticFeatures.Add(Flat(pass.Holistic));
        }

        // Out of the micro-batch's dispose scope into the step's.
        private static Tensor Flat(QuantizedFeatures quantized) =>
            quantized.Features.detach().reshape(-1, quantized.Features.size(2)).MoveToOuterDisposeScope();
    }
}
