namespace Hita.Training.Runs;

/// <summary>A step as it was measured.</summary>
public sealed record StepRecord
{
    /// <summary>The step's number, from 1.</summary>
    public required long Step { get; init; }

    /// <summary>How often the whole data have been gone through, as a fraction.</summary>
    public required double Epoch { get; init; }

    /// <summary>Images seen since the run began.</summary>
    public required long Images { get; init; }

    /// <summary>Tokens seen since the run began; 0 for a tokenizer.</summary>
    public long Tokens { get; init; }

    /// <summary>What the trainer measured: losses, gradient norms, learning rates, code usage.</summary>
    public required IReadOnlyList<KeyValuePair<string, double>> Values { get; init; }

    /// <summary>Whether a value was not finite, so that the step changed nothing.</summary>
    public bool Skipped { get; init; }

    /// <summary>Seconds of the whole step, waiting included; validation and saving excluded.</summary>
    public required double StepSeconds { get; init; }

    /// <summary>Seconds of it that were spent waiting for data.</summary>
    public required double WaitSeconds { get; init; }

    /// <summary>Images a second over the last steps.</summary>
    public double ImagesPerSecond { get; init; }

    /// <summary>Tokens a second over the last steps; 0 for a tokenizer.</summary>
    public double TokensPerSecond { get; init; }

    /// <summary>The share of the last steps' time that was spent waiting for data, 0 to 1.</summary>
    public double WaitShare { get; init; }

    /// <summary>What a validation after this step measured; empty where there was none.</summary>
    public IReadOnlyList<KeyValuePair<string, double>> Validation { get; init; } = [];
}
