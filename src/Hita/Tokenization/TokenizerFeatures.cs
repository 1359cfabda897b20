using Hita.Imaging;
using Hita.Layers;
using Hita.Runtime;
using Hita.Tokenization.Model;
using static TorchSharp.torch;

namespace Hita.Tokenization;

public sealed partial class ImageTokenizer
{
    /// <summary>What is seen in images, before it is rounded to codes.</summary>
    /// <param name="images">RGB images whose sides are multiples of the patch.</param>
    /// <param name="batchSize">Images encoded together at most.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <returns>Features in the images' order; <see cref="Quantize"/> makes of them the codes that <see cref="Encode"/> gives.</returns>
    /// <exception cref="HitaException">A size does not fit, or the tokenizer was loaded for decoding only.</exception>
    public IReadOnlyList<ImageFeatures> Features(IReadOnlyList<Image> images, int batchSize = 4, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        RequireEncoder();
        foreach (var image in images)
            ImageShape.Check(image.Height, image.Width, Config);
        var features = new ImageFeatures[images.Count];
        foreach (var batch in Batches(images, static p => (p.Height, p.Width), batchSize))
        {
            cancellation.ThrowIfCancellationRequested();
            FeatureBatch([.. batch.Select(i => images[i])], (i, f) => features[batch[i]] = f);
        }
        return features;
    }

    /// <summary>The nearest codes of features.</summary>
    /// <param name="features">Features of this model; they need not have unit length.</param>
    /// <exception cref="HitaException">They are another model's.</exception>
    public ImageCodes Quantize(ImageFeatures features)
    {
        ArgumentNullException.ThrowIfNull(features);
        Check(features);
        using var inference = inference_mode();
        using var scope = NewDisposeScope();
        var (holistic, patches) = Vectors([features]);
        var codes = _model.Nearest(holistic, patches);
        return new ImageCodes(codes.Holistic?.ToInts() ?? [], codes.Patches.ToInts(), features.GridHeight, features.GridWidth);
    }

    /// <summary>The codebooks' vectors of codes.</summary>
    /// <param name="codes">Codes of this model.</param>
    /// <exception cref="HitaException">They are another model's.</exception>
    public ImageFeatures Dequantize(ImageCodes codes)
    {
        ArgumentNullException.ThrowIfNull(codes);
        codes.CheckFor(Config);
        using var inference = inference_mode();
        using var scope = NewDisposeScope();
        var holistic = Config.Holistic is null ? null : TensorOps.FromInts([.. codes.Holistic], 1, codes.Holistic.Count).to(_placement.Device);
        var patches = TensorOps.FromInts([.. codes.Patches], 1, codes.Patches.Count).to(_placement.Device);
        var (holisticVectors, grid) = _model.Dequantize(holistic, patches, codes.GridHeight, codes.GridWidth);
        return new ImageFeatures(holisticVectors?.ToFloats() ?? [], grid.ToSequence().ToFloats(), codes.GridHeight, codes.GridWidth);
    }

    /// <summary>Decodes features as they are, without rounding them to codes.</summary>
    /// <param name="features">Features of this model; a vector of zeros says nothing.</param>
    /// <param name="batchSize">Images decoded together at most.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <returns>Images in the features' order.</returns>
    /// <exception cref="HitaException">They are another model's.</exception>
    public IReadOnlyList<Image> Decode(IReadOnlyList<ImageFeatures> features, int batchSize = 4, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(features);
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        foreach (var image in features)
            Check(image);
        var images = new Image[features.Count];
        foreach (var batch in Batches(features, static f => (f.GridHeight, f.GridWidth), batchSize))
        {
            cancellation.ThrowIfCancellationRequested();
            using var inference = inference_mode();
            using var scope = NewDisposeScope();
            var (holistic, patches) = Vectors([.. batch.Select(i => features[i])]);
            var first = features[batch[0]];
            var grid = patches.to(_placement.Type).ToGrid(first.GridHeight, first.GridWidth);
            var decoded = ImageTensors.ToImages(_model.Decode(_model.Fuse(holistic?.to(_placement.Type), grid)));
            for (var i = 0; i < decoded.Length; i++)
                images[batch[i]] = decoded[i];
        }
        return images;
    }

    /// <summary>How much each learned query attends to each patch of an image while all tokens mix, the mean over layers and heads.</summary>
    /// <param name="image">An RGB image whose sides are multiples of the patch.</param>
    /// <returns>A row of H·W weights for each of the M queries. A row sums to less than 1, as what a query pays to the other
    /// queries and to the semantic encoder's tokens is left out.</returns>
    /// <exception cref="HitaException">The size does not fit, there is no encoder, or the tokenizer has no holistic codes.</exception>
    public IReadOnlyList<float[]> QueryAttention(Image image)
    {
        ArgumentNullException.ThrowIfNull(image);
        RequireEncoder();
        if (Config.Holistic is null)
            throw new HitaException("This tokenizer has patch codes only, and so no queries that look at an image.");
        ImageShape.Check(image.Height, image.Width, Config);
        using var inference = inference_mode();
        using var scope = NewDisposeScope();
        var weights = _model.QueryWeights(_model.Features(ImageTensors.ToTensor(image).to(_placement.Device)));
        return [.. weights.ToFloats().Chunk((int)weights.size(2))];
    }

    private void RequireEncoder()
    {
        if (!CanEncode)
            throw new HitaException("This tokenizer was loaded for decoding only; load it whole to encode images.");
    }

    private void FeatureBatch(List<Image> images, Action<int, ImageFeatures> store)
    {
        using var inference = inference_mode();
        using var scope = NewDisposeScope();
        var features = _model.Features(ImageTensors.ToTensor(images).to(_placement.Device));
        var holistic = features.HolisticPrequant is null ? [] : VectorQuantizer.Unit(features.HolisticPrequant.to(ScalarType.Float32)).ToFloats();
        var patches = VectorQuantizer.Unit(features.PatchPrequant.to(ScalarType.Float32).ToSequence()).ToFloats();
        var (rows, columns) = ImageShape.Check(images[0].Height, images[0].Width, Config);
        int m = holistic.Length / images.Count, n = patches.Length / images.Count;
        for (var i = 0; i < images.Count; i++)
            store(i, new ImageFeatures(holistic[(i * m)..((i + 1) * m)], patches[(i * n)..((i + 1) * n)], rows, columns));
    }

    // float32 [B, M, d] (null in the vanilla family) and [B, N, d].
    private (Tensor? Holistic, Tensor Patches) Vectors(IReadOnlyList<ImageFeatures> features)
    {
        var grid = features[0].GridHeight * features[0].GridWidth;
        var patches = TensorOps.FromFloats([.. features.SelectMany(static f => f.Patches)], features.Count, grid, Config.PatchCodeDimensions);
        var holistic = Config.Holistic is { } h
            ? TensorOps.FromFloats([.. features.SelectMany(static f => f.Holistic)], features.Count, h.TokenCount, h.CodeDimensions).to(_placement.Device)
            : null;
        return (holistic, patches.to(_placement.Device));
    }

    private void Check(ImageFeatures features)
    {
        ImageShape.Check((long)features.GridHeight * Config.PatchSize, (long)features.GridWidth * Config.PatchSize, Config);
        var holistic = Config.HolisticTokenCount * (Config.Holistic?.CodeDimensions ?? 0);
        var patches = features.GridHeight * features.GridWidth * Config.PatchCodeDimensions;
        if (features.Holistic.Count != holistic || features.Patches.Count != patches)
        {
            throw new HitaException(
                $"An image of this tokenizer has {holistic} holistic and {patches} patch features, these have {features.Holistic.Count} and {features.Patches.Count}: they come from another model.");
        }
    }
}
