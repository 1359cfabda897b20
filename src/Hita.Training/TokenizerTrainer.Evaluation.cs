using Hita.Checkpoints;
using Hita.Layers;
using Hita.Models;
using Hita.Runtime;
using Hita.Tokenization;
using Hita.Tokenization.Model;
using static TorchSharp.torch;

namespace Hita.Training;

/// <summary>How a tokenizer sees images that it does not learn from.</summary>
/// <param name="Reconstruction">float32 [B, 3, H, W] on the CPU, nominally in [-1, 1] but not clamped; the caller's.</param>
/// <param name="HolisticCodes">B · M codes; empty in the vanilla family.</param>
/// <param name="PatchCodes">B · N codes in raster order.</param>
public sealed record TokenizerEvaluation(Tensor Reconstruction, int[] HolisticCodes, int[] PatchCodes) : IDisposable
{
    /// <summary>Frees the reconstruction.</summary>
    public void Dispose() => Reconstruction.Dispose();
}

/// <content>Where a trainer comes from, and what it is good for between steps.</content>
public sealed partial class TokenizerTrainer
{
    /// <summary>A trainer that starts from fresh weights.</summary>
    /// <param name="config">The architecture.</param>
    /// <param name="options">How to train.</param>
    /// <param name="seed">The fresh weights and all that is random in training are a function of it.</param>
    /// <param name="device">Where to train, see <see cref="Compute.Device"/>.</param>
    /// <exception cref="HitaException">An option is wrong, or a weight file is not there or does not fit.</exception>
    public static TokenizerTrainer Create(TokenizerConfig config, TokenizerTrainingOptions options, ulong seed, string device = "cpu") =>
        Build(config, options, seed, device, model => TokenizerInitializer.Initialize(model, seed));

    /// <summary>A trainer that starts from the weights of a model folder: fine-tuning.</summary>
    /// <param name="folder">A tokenizer's folder, or a pipeline's with one inside.</param>
    /// <param name="options">How to train.</param>
    /// <param name="seed">All that is random in training is a function of it.</param>
    /// <param name="device">Where to train, see <see cref="Compute.Device"/>.</param>
    /// <exception cref="HitaException">The folder holds no whole tokenizer, an option is wrong, or a weight file is not there or does not fit.</exception>
    public static TokenizerTrainer Load(string folder, TokenizerTrainingOptions options, ulong seed, string device = "cpu")
    {
        ArgumentNullException.ThrowIfNull(options);
        var found = TokenizerFolder.Find(folder);
        return Build(TokenizerFolder.ReadConfig(found), options, seed, device, model =>
        {
            using var source = ModelFolder.OpenWeights(found);
            var loading = TokenizerTensorNames.ForLoading(canEncode: true, source.Tensors, model.Config);
            var named = new LoadOptions
            {
                NameMap = loading.NameMap,
                Advice = loading.Advice,
                // An import without its semantic encoder can be completed by the options' file.
                AllowedMissing = name => loading.AllowedMissing(name) || (options.SemanticEncoderFile is not null && TokenizerTensorNames.IsSemantic(name)),
            };
            StrictLoader.Load(source, model.Parameters(), named);
        });
    }

    /// <summary>Encodes and decodes images in evaluation mode, in float32.</summary>
    /// <param name="pixels">float32 [B, 3, H, W] in [-1, 1] on the CPU; it stays the caller's.</param>
    /// <param name="average">Whether with the average of the weights, as a finished model would, or with the latest ones.</param>
    public TokenizerEvaluation Evaluate(Tensor pixels, bool average = true)
    {
        ArgumentNullException.ThrowIfNull(pixels);
        CountImages(new TokenizerBatch(pixels, []));
        using var swapped = average ? UseAverage() : null;
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        _model.eval();
        var features = _model.Features(pixels.to(_device));
        var (holistic, patches) = _model.Quantize(features);
        var (holisticVectors, patchVectors) = _model.Dequantize(holistic, patches, features.PatchPrequant.size(2), features.PatchPrequant.size(3));
        var decoded = _model.Decode(_model.Fuse(holisticVectors, patchVectors)).to(ScalarType.Float32).cpu();
        return new TokenizerEvaluation(decoded.DetachFromDisposeScope(), holistic?.ToInts() ?? [], patches.ToInts());
    }

    /// <summary>Writes a model folder that <see cref="ImageTokenizer.Load"/> reads, the semantic encoder included where it is stored with tokenizers.</summary>
    /// <param name="folder">The folder; it must not exist, or hold a model that is replaced.</param>
    /// <param name="average">Whether to write the average of the weights or the latest ones.</param>
    /// <param name="precision">The weights' type in the file: float32 or bfloat16.</param>
    /// <exception cref="HitaException">The folder cannot be written.</exception>
    public void Export(string folder, bool average = true, Precision precision = Precision.Float32)
    {
        using var swapped = average ? UseAverage() : null;
        Hita.Training.WeightExport.Write(folder, ConfigJson.Write(Config), SemanticWeights.Stored(_model), precision);
    }

    private static TokenizerTrainer Build(TokenizerConfig config, TokenizerTrainingOptions options, ulong seed, string device, Action<TokenizerModel> fill)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate().CheckFor(config);
        var placement = Placement.For(device, Precision.Float32);
        var model = new TokenizerModel(config, Tokenization.Model.TokenizerParts.All, placement, options.Dropout);
        try
        {
            fill(model);
            if (options.SemanticEncoderFile is not null || config.Holistic?.SemanticEncoder is { IsStored: false })
                SemanticWeights.Load(model, options.SemanticEncoderFile is { } file ? WeightFile.Open(file) : null);
            return new TokenizerTrainer(model, options, TokenizerAssets.Load(options, placement, seed), seed);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }
}
