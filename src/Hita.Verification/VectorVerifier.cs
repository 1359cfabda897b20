using Hita.Checkpoints;
using Hita.Generation;
using Hita.Generation.Model;
using Hita.Models;
using Hita.Runtime;
using Hita.Tokenization;
using Hita.Tokenization.Model;

namespace Hita.Verification;

/// <summary>What a vector file has been recorded from.</summary>
[Flags]
public enum VectorKind
{
    /// <summary>Nothing this library knows.</summary>
    None = 0,

    /// <summary>The stages of a tokenizer.</summary>
    Tokenizer = 1,

    /// <summary>The passes of a generator.</summary>
    Generator = 2,
}

/// <summary>
/// Compares a model with recorded outputs of the published implementation, stage by stage.
/// </summary>
public static class VectorVerifier
{
    // The training pass and its gradients are the tensor library's.
    private static readonly GeneratorOptions Reference = new() { Engine = GeneratorEngine.Torch };

    /// <summary>Tells from its keys what a vector file holds; the vanilla family's file holds both kinds.</summary>
    /// <param name="vectors">The opened file.</param>
    public static VectorKind KindOf(ITensorSource vectors)
    {
        ArgumentNullException.ThrowIfNull(vectors);
        var kind = VectorKind.None;
        if (vectors.Tensors.ContainsKey("prequant") || vectors.Tensors.Keys.Any(static k => k.EndsWith(".patch_prequant", StringComparison.Ordinal)))
            kind |= VectorKind.Tokenizer;
        if (vectors.Tensors.ContainsKey("classes") && vectors.Tensors.Keys.Any(static k => k.StartsWith("train.logits", StringComparison.Ordinal)))
            kind |= VectorKind.Generator;
        return kind;
    }

    /// <summary>Compares a model folder.</summary>
    /// <param name="file">The vector file.</param>
    /// <param name="folder">The folder of a model of the file's kind, or of a pipeline.</param>
    /// <param name="report">Told each result as soon as it is known; may be null.</param>
    /// <returns>All results, in order.</returns>
    /// <exception cref="HitaException">The file holds nothing to compare, or does not fit the model.</exception>
    public static IReadOnlyList<VerificationStage> VerifyFolder(string file, string folder, Action<VerificationStage>? report = null)
    {
        using var vectors = WeightFile.Open(file);
        return Verify(vectors, () => ImageTokenizer.Load(folder).Model, () => ImageGenerator.Load(folder, Reference).Model!, report);
    }

    /// <summary>Compares an architecture whose weights are filled from their names.</summary>
    /// <param name="file">The vector file.</param>
    /// <param name="preset">The architecture.</param>
    /// <param name="prefix">Put before every tensor's full name.</param>
    /// <param name="report">Told each result as soon as it is known; may be null.</param>
    /// <returns>All results, in order.</returns>
    /// <exception cref="HitaException">The file holds nothing to compare, or does not fit the preset.</exception>
    public static IReadOnlyList<VerificationStage> VerifyByName(
        string file, string preset, string prefix = "", Action<VerificationStage>? report = null)
    {
        using var vectors = WeightFile.Open(file);
        return Verify(
            vectors,
            () => TokenizerPresets.TryGet(preset, out var config)
                ? ImageTokenizer.CreateByName(config, prefix).Model
                : throw new HitaException($"There is no tokenizer preset '{preset}'; there are {string.Join(", ", TokenizerPresets.Names)}."),
            () => GeneratorPresets.TryGet(preset, out var config)
                ? ImageGenerator.CreateByName(config, prefix, Reference).Model!
                : throw new HitaException($"There is no generator preset '{preset}'; there are {string.Join(", ", GeneratorPresets.Names)}."),
            report);
    }

    /// <summary>Compares every stage that the file holds.</summary>
    /// <param name="vectors">The opened file.</param>
    /// <param name="tokenizer">Gives the tokenizer's network; asked only where the file needs it, and disposed here.</param>
    /// <param name="generator">Gives the generator's network; asked only where the file needs it, and disposed here.</param>
    /// <param name="report">Told each result as soon as it is known; may be null.</param>
    /// <returns>All results, in order.</returns>
    /// <exception cref="HitaException">The file holds nothing to compare, or does not fit the model.</exception>
    internal static IReadOnlyList<VerificationStage> Verify(
        ITensorSource vectors, Func<TokenizerModel> tokenizer, Func<GeneratorModel> generator, Action<VerificationStage>? report = null)
    {
        var kind = KindOf(vectors);
        if (kind == VectorKind.None)
            throw new CheckpointException(vectors.Path, "this file holds no stages of a tokenizer or a generator to compare with.");
        var comparer = new StageComparer(vectors, report);
        if (kind.HasFlag(VectorKind.Tokenizer))
        {
            using var model = tokenizer();
            TokenizerVerification.Run(vectors, model, comparer);
        }
        if (kind.HasFlag(VectorKind.Generator))
        {
            using var model = generator();
            GeneratorVerification.Run(vectors, model, comparer);
        }
        return comparer.Stages;
    }
}
