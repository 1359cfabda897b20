using Hita.Runtime;

namespace Hita.Training.Runs;

/// <summary>How long a run is and what it does when.</summary>
public sealed record RunPlan
{
    /// <summary>Steps in all.</summary>
    public required long Steps { get; init; }

    /// <summary>Steps of a pass through the data.</summary>
    public required long StepsPerEpoch { get; init; }

    /// <summary>Images of a step.</summary>
    public required int ImagesPerStep { get; init; }

    /// <summary>Tokens of an image where tokens are what is learned; 0 for a tokenizer.</summary>
    public int TokensPerImage { get; init; }

    /// <summary>The seed, kept in checkpoints.</summary>
    public ulong Seed { get; init; }

    /// <summary>What the data are, kept in checkpoints.</summary>
    public string Data { get; init; } = "";

    /// <summary>Images in the data, kept in checkpoints and compared on resuming.</summary>
    public long Images { get; init; }

    /// <summary>Steps between two checkpoints; the last step is saved in any case.</summary>
    public long SaveEvery { get; init; } = 1000;

    /// <summary>How many of the newest checkpoints are kept, 1 or more. The best by validation is kept besides.</summary>
    public int Keep { get; init; } = 2;

    /// <summary>Steps between two validations; 0 for none but the last.</summary>
    public long ValidateEvery { get; init; }

    /// <summary>Steps between two sheets of samples; 0 for none but the last.</summary>
    public long SampleEvery { get; init; }

    /// <summary>Code usage, 0 to 1, below which a warning is given; 0 for none.</summary>
    public double UsageThreshold { get; init; }

    /// <summary>The step from which on usage is watched: a codebook is filled bit by bit when training begins. Default 200.</summary>
    public long UsageFrom { get; init; } = 200;

    /// <summary>Steps that may be skipped in a row because of values that are not finite; one more stops the run.</summary>
    public int MaxSkipped { get; init; } = 10;

    /// <summary>Checks every number.</summary>
    /// <returns>The plan itself.</returns>
    /// <exception cref="ConfigException">Lists all faults.</exception>
    public RunPlan Validate()
    {
        var faults = new FaultCollector();
        faults.Min(Steps, 1, "steps");
        faults.Min(StepsPerEpoch, 1, "steps per epoch");
        faults.Min(ImagesPerStep, 1, "images per step");
        faults.Min(TokensPerImage, 0, "tokens per image");
        faults.Min(SaveEvery, 1, "steps between checkpoints");
        faults.Min(Keep, 1, "checkpoints kept");
        faults.Min(ValidateEvery, 0, "steps between validations");
        faults.Min(SampleEvery, 0, "steps between samples");
        faults.Min(MaxSkipped, 0, "steps skipped in a row");
        faults.Range(UsageThreshold, 0, 1, "the usage threshold");
        return faults.Checked(this, "The plan of the run");
    }
}
