using Hita.Metrics.Networks;
using Hita.Runtime;
using Hita.Tokenization.Model;
using Hita.Training.Losses;
using static TorchSharp.torch;

namespace Hita.Training;

// B batch, M holistic tokens, N = H·W patches, d dimensions of a code.

/// <summary>What a forward pass over images came to, in the dispose scope of its caller.</summary>
/// <param name="Loss">The loss without the adversarial term.</param>
/// <param name="Reconstruction">float32 [B, 3, H, W].</param>
/// <param name="Patches">The patches' quantization.</param>
/// <param name="Holistic">The holistic features' quantization; null in the vanilla family.</param>
/// <param name="Terms">The loss's terms as they enter it, by name.</param>
internal sealed record TokenizerPass(
    Tensor Loss, Tensor Reconstruction, QuantizedFeatures Patches, QuantizedFeatures? Holistic, IReadOnlyList<KeyValuePair<string, Tensor>> Terms);

/// <summary>A tokenizer's forward pass and loss.</summary>
internal sealed class TokenizerObjective(TokenizerModel model, TokenizerTrainingOptions options, IPerceptualDistance? perceptual)
{
    private readonly bool _mixed = options.Precision == Precision.BFloat16;
    private readonly StyleSeparation? _separation = options.StyleSeparation is { } own ? new StyleSeparation(own) : null;

    /// <summary>Told each part of a forward pass when it is done.</summary>
    public Action<StepPart>? PartDone { get; set; }

    /// <summary>Prepares the network for training.</summary>
    public void EnterTraining()
    {
        model.train();
        if (options.Scope != TokenizerScope.Decoder)
            return;
        foreach (var (name, child) in model.named_children())
        {
            if (TrainedWeights.IsEncoder(name))
                child.eval();
        }
    }

    /// <summary>Runs images [B, 3, H, W] on the network's device through it.</summary>
    public TokenizerPass Run(Tensor images, StepRandom random)
    {
        using var scope = NewDisposeScope();
        var frozen = options.Scope == TokenizerScope.Decoder ? no_grad() : null;
        EncodedFeatures features;
        QuantizedFeatures patches;
        QuantizedFeatures? holistic;
        try
        {
            // The views are images and keep float32; only the network computes in what the options say.
            var views = _separation?.Views(images, random);
            using (var cast = Cast(images))
                features = views is null ? model.Features(images) : Separate(model.Features(views.Images), views);
            PartDone?.Invoke(StepPart.Encoder);
            patches = CodebookLearning.Quantize(model.PatchQuantizer, Sequence(features.PatchPrequant), options.Codebook);
            holistic = model.HolisticQuantizer is { } quantizer
                ? CodebookLearning.Quantize(quantizer, features.HolisticPrequant!, options.Codebook)
                : null;
            PartDone?.Invoke(StepPart.Quantizers);
        }
        finally
        {
            frozen?.Dispose();
        }

        Tensor reconstruction;
        Tensor? semantic = null;
        using (var cast = Cast(images))
        {
            var grid = Layers.TensorLayout.ToGrid(patches.Vectors, features.PatchPrequant.size(2), features.PatchPrequant.size(3));
            reconstruction = model.Decode(model.Fuse(holistic?.Vectors, grid));
            if (options.SemanticWeight > 0 && model.Config.Holistic is { SemanticReconstruction: true })
                semantic = model.ReconstructSemantics(holistic!.Vectors);
        }
        PartDone?.Invoke(StepPart.Decoder);
        reconstruction = reconstruction.to(ScalarType.Float32);
        var terms = Terms(images, reconstruction, patches, holistic, semantic, features.Semantic);
        var loss = terms.Select(static t => t.Value).Aggregate(static (a, b) => a.Plus(b));
        return Keep(new TokenizerPass(loss, reconstruction, patches, holistic, terms));
    }

    // Patches of one view, holistic and semantic features of the other; what lies before them is not looked at in training.
    private static EncodedFeatures Separate(EncodedFeatures seen, StyleViews views) => seen with
    {
        PatchPrequant = views.OfPatches(seen.PatchPrequant),
        HolisticPrequant = views.OfHolistic(seen.HolisticPrequant!),
        Semantic = seen.Semantic is null ? null : views.OfHolistic(seen.Semantic),
    };

    private List<KeyValuePair<string, Tensor>> Terms(
        Tensor images, Tensor reconstruction, QuantizedFeatures patches, QuantizedFeatures? holistic, Tensor? semantic, Tensor? target)
    {
        var terms = new List<KeyValuePair<string, Tensor>>();
        if (options.ReconstructionWeight > 0)
            Add("reconstruction", ReconstructionLosses.Of(options.Reconstruction, reconstruction, images), options.ReconstructionWeight);
        if (perceptual is not null)
            Add(options.Perceptual!.Kind == PerceptualKind.Lpips ? "perceptual" : "resnet18_stages", perceptual.Distances(reconstruction, images).mean(), options.Perceptual.Weight);
        if (semantic is not null)
            Add("semantic", SemanticLoss.Of(semantic, target!), options.SemanticWeight);
        if (options.Scope == TokenizerScope.Decoder)
            return terms;
        Add("codebook", Both(patches.Codebook, holistic?.Codebook), options.Codebook.CodebookWeight);
        Add("commitment", Both(patches.Commitment, holistic?.Commitment), options.Codebook.CommitmentWeight);
        if (patches.Entropy is not null)
            Add("entropy", Both(patches.Entropy, holistic?.Entropy), options.Codebook.EntropyWeight);
        return terms;

        void Add(string name, Tensor value, double weight) => terms.Add(KeyValuePair.Create(name, value.Times(weight)));

        static Tensor Both(Tensor a, Tensor? b) => b is null ? a : a.Plus(b);
    }

    private Autocast? Cast(Tensor images) => _mixed ? Autocast.BFloat16(images.device) : null;

    private static Tensor Sequence(Tensor grid) => Layers.TensorLayout.ToSequence(grid);

    private static TokenizerPass Keep(TokenizerPass pass)
    {
        pass.Loss.MoveToOuterDisposeScope();
        pass.Reconstruction.MoveToOuterDisposeScope();
        foreach (var term in pass.Terms)
            term.Value.MoveToOuterDisposeScope();
        foreach (var quantized in (QuantizedFeatures?[])[pass.Patches, pass.Holistic])
        {
            quantized?.Features.MoveToOuterDisposeScope();
            quantized?.Codes.MoveToOuterDisposeScope();
        }
        return pass;
    }
}
