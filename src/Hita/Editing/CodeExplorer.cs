using Hita.Imaging;
using Hita.Runtime;
using Hita.Tokenization;

namespace Hita.Editing;

/// <summary>Finds out what each holistic code of an image does: drops it, or swaps it for another image's, and decodes again.</summary>
/// <param name="tokenizer">A tokenizer with holistic codes and its encoder; still the caller's to dispose.</param>
public sealed class CodeExplorer(ImageTokenizer tokenizer)
{
    private readonly ImageTokenizer _tokenizer = EditChecks.Holistic(tokenizer, "Exploring");

    /// <summary>Explores an image.</summary>
    /// <param name="image">The image, of any size; its centre square counts.</param>
    /// <param name="other">An image whose codes are swapped in; null to drop codes: their vectors become zero.</param>
    /// <param name="codes">The places of the codes to explore; null for all.</param>
    /// <param name="progress">Told how many codes are done; may be null.</param>
    /// <param name="cancellation">Stops between two codes.</param>
    /// <exception cref="HitaException">There is no such code.</exception>
    public CodeExploration Explore(
        Image image, Image? other = null, IReadOnlyList<int>? codes = null,
        IProgress<EditProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(image);
        var config = _tokenizer.Config;
        var holistic = config.Holistic!;
        codes ??= [.. Enumerable.Range(0, holistic.TokenCount)];
        foreach (var index in codes)
        {
            if (index < 0 || index >= holistic.TokenCount)
                throw new HitaException($"There is no holistic code {index}: this model's are numbered 0 to {holistic.TokenCount - 1}.");
        }
        image = ImageFit.Square(image, config.ImageSize);
        other = other is null ? null : ImageFit.Square(other, config.ImageSize);
        var own = _tokenizer.Encode([image], cancellation: cancellation)[0];
        var foreign = other is null ? null : _tokenizer.Encode([other], cancellation: cancellation)[0];
        var attention = _tokenizer.QueryAttention(image);
        var reconstruction = _tokenizer.Decode([own], cancellation: cancellation)[0];
        var vectors = _tokenizer.Dequantize(own);
        var replacements = foreign is null ? null : _tokenizer.Dequantize(foreign);
        var effects = new List<CodeEffect>();
        foreach (var index in codes)
        {
            // One by one, as the reconstruction: in a batch a pixel may be rounded otherwise, which would look like an effect.
            var changed = _tokenizer.Decode([Replace(vectors, replacements, index, holistic.CodeDimensions)], cancellation: cancellation)[0];
            effects.Add(Effect(index, own.Holistic[index], foreign?.Holistic[index], reconstruction, changed, attention[index]));
            progress?.Report(new EditProgress(effects.Count, codes.Count));
        }
        return new CodeExploration(image, reconstruction, other, own.GridHeight, own.GridWidth, effects);
    }

    /// <summary>As <see cref="Explore"/>, on another thread.</summary>
    /// <inheritdoc cref="Explore" path="/param"/>
    /// <inheritdoc cref="Explore" path="/exception"/>
    public Task<CodeExploration> ExploreAsync(
        Image image, Image? other = null, IReadOnlyList<int>? codes = null, IProgress<EditProgress>? progress = null,
        CancellationToken cancellation = default) =>
        Background.Run(() => Explore(image, other, codes, progress, cancellation), cancellation);

    private static ImageFeatures Replace(ImageFeatures features, ImageFeatures? other, int index, int dimensions)
    {
        var holistic = features.Holistic.ToArray();
        for (var i = index * dimensions; i < (index + 1) * dimensions; i++)
            holistic[i] = other?.Holistic[i] ?? 0;
        return new ImageFeatures(holistic, [.. features.Patches], features.GridHeight, features.GridWidth);
    }

    private static CodeEffect Effect(int index, int code, int? otherCode, Image before, Image after, float[] attention)
    {
        var difference = new byte[before.Width * before.Height];
        long sum = 0;
        var visible = 0;
        for (var i = 0; i < difference.Length; i++)
        {
            var change = 0;
            for (var c = 3 * i; c < (3 * i) + 3; c++)
                change += Math.Abs(before.Pixels[c] - after.Pixels[c]);
            difference[i] = (byte)((change + 1) / 3);
            sum += change;
            visible += difference[i] > CodeEffect.VisibleChange ? 1 : 0;
        }
        return new CodeEffect(
            index, code, otherCode, after, difference, sum / 3.0 / difference.Length, (double)visible / difference.Length, attention);
    }
}
