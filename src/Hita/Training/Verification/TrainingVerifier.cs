using Hita.Checkpoints;
using Hita.Evaluation.Verification;
using Hita.Generation;
using Hita.Runtime;
using Hita.Tokenization;

namespace Hita.Training.Verification;

/// <summary>Repeats recorded training steps of the published implementation and compares losses, gradients and results.</summary>
public static class TrainingVerifier
{
    /// <summary>Whether a file holds training steps.</summary>
    /// <param name="vectors">The opened file.</param>
    public static bool Recognises(ITensorSource vectors)
    {
        ArgumentNullException.ThrowIfNull(vectors);
        return TokenizerTrainingVerification.Fits(vectors) || GeneratorTrainingVerification.Fits(vectors);
    }

    /// <summary>Whether a file holds training steps.</summary>
    /// <param name="file">Its path.</param>
    /// <exception cref="CheckpointException">The file cannot be opened.</exception>
    public static bool Recognises(string file)
    {
        using var vectors = WeightFile.Open(file);
        return Recognises(vectors);
    }

    /// <summary>Repeats the steps, beginning with weights filled from their names as the recorded ones were.</summary>
    /// <param name="file">The vector file.</param>
    /// <param name="preset">The architecture.</param>
    /// <param name="report">Told each result; null for nobody.</param>
    /// <param name="roundings">
    /// How many starts that differ by the last bit are tried at most where nothing but a tokenizer's results after the last step
    /// differs: these depend on the order of sums, and the nearest is told then. Default 0.
    /// </param>
    /// <returns>All results, in order.</returns>
    /// <exception cref="HitaException">The file holds no training steps, or does not fit the preset.</exception>
    public static IReadOnlyList<VerificationStage> VerifyByName(string file, string preset, Action<VerificationStage>? report = null, int roundings = 0)
    {
        using var vectors = WeightFile.Open(file);
        var comparer = new StageComparer(vectors, report);
        if (TokenizerTrainingVerification.Fits(vectors))
        {
            TokenizerTrainingVerification.Run(
                vectors,
                TokenizerPresets.TryGet(preset, out var config)
                    ? config
                    : throw new HitaException($"There is no tokenizer preset '{preset}'; there are {string.Join(", ", TokenizerPresets.Names)}."),
                comparer, roundings);
        }
        else if (GeneratorTrainingVerification.Fits(vectors))
        {
            GeneratorTrainingVerification.Run(
                vectors,
                GeneratorPresets.TryGet(preset, out var config)
                    ? config
                    : throw new HitaException($"There is no generator preset '{preset}'; there are {string.Join(", ", GeneratorPresets.Names)}."),
                comparer);
        }
        else
        {
            throw new CheckpointException(file, "this file holds no training steps to repeat.");
        }
        return comparer.Stages;
    }
}
