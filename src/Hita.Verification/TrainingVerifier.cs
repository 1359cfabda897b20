using Hita.Checkpoints;
using Hita.Generation.Model;
using Hita.Models;
using Hita.Runtime;
using Hita.Tokenization.Model;

namespace Hita.Verification;

/// <summary>What repeating recorded training steps came to.</summary>
/// <param name="Stages">All comparisons, in order, of the start that came nearest.</param>
/// <param name="ExactStages">The same of the recorded start itself.</param>
/// <param name="Rounding">0 where <see cref="Stages"/> are of the recorded start, else the number of the start that differs by the last bit.</param>
public sealed record TrainingVerification(IReadOnlyList<VerificationStage> Stages, IReadOnlyList<VerificationStage> ExactStages, int Rounding);

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
    /// <param name="roundings">
    /// How many starts that differ by the last bit are tried at most where a tokenizer's steps agree up to the second update; what
    /// follows depends on the order of sums. One that agrees in everything ends the search. 0 or more, default 0.
    /// </param>
    /// <param name="trying">Told the number of each such start, from 1, before it is tried; may be null.</param>
    /// <param name="cancellation">Stops between two starts.</param>
    /// <returns>All comparisons of the start that came nearest, and of the recorded one.</returns>
    /// <exception cref="HitaException">The file holds no training steps, or does not fit the preset.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="roundings"/> is negative.</exception>
    public static TrainingVerification VerifyByName(
        string file, string preset, int roundings = 0, Action<int>? trying = null, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(roundings);
        using var vectors = WeightFile.Open(file);
        if (TokenizerTrainingVerification.Fits(vectors))
        {
            return TokenizerTrainingVerification.Run(
                vectors,
                TokenizerPresets.TryGet(preset, out var config)
                    ? config
                    : throw new HitaException($"There is no tokenizer preset '{preset}'; there are {string.Join(", ", TokenizerPresets.Names)}."),
                roundings,
                trying,
                cancellation);
        }
        if (GeneratorTrainingVerification.Fits(vectors))
        {
            var comparer = new StageComparer(vectors, null);
            GeneratorTrainingVerification.Run(
                vectors,
                GeneratorPresets.TryGet(preset, out var config)
                    ? config
                    : throw new HitaException($"There is no generator preset '{preset}'; there are {string.Join(", ", GeneratorPresets.Names)}."),
                comparer);
            return new TrainingVerification(comparer.Stages, comparer.Stages, 0);
        }
        throw new CheckpointException(file, "this file holds no training steps to repeat.");
    }

    /// <summary>As <see cref="VerifyByName"/>, on another thread.</summary>
    /// <inheritdoc cref="VerifyByName" path="/param"/>
    /// <inheritdoc cref="VerifyByName" path="/exception"/>
    public static Task<TrainingVerification> VerifyByNameAsync(
        string file, string preset, int roundings = 0, Action<int>? trying = null, CancellationToken cancellation = default) =>
        Background.Run(() => VerifyByName(file, preset, roundings, trying, cancellation), cancellation);
}
