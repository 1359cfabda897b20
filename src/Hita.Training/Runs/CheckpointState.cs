namespace Hita.Training.Runs;

/// <summary>What a checkpoint's <c>state.json</c> says beside the tensors.</summary>
public sealed record CheckpointState
{
    /// <summary>The file's name.</summary>
    public const string FileName = "state.json";

    /// <summary>The first version whose checkpoints carry checksums.</summary>
    internal const int ChecksumsSince = 2;

    /// <summary>The version that is written, and the newest that is understood.</summary>
    internal const int CurrentVersion = 2;

    /// <summary>The version of this description: 2; checkpoints of version 1 carry no checksums.</summary>
    public int Version { get; init; } = CurrentVersion;

    /// <summary>What is trained: <c>tokenizer</c> or <c>generator</c>.</summary>
    public required string Stage { get; init; }

    /// <summary>Steps taken.</summary>
    public required long Step { get; init; }

    /// <summary>Whole passes through the data.</summary>
    public required long Epoch { get; init; }

    /// <summary>Steps taken in the pass at work: the place in the data's order, which is a function of the seed and the epoch.</summary>
    public required long StepInEpoch { get; init; }

    /// <summary>The recipe's seed; all that is random is a function of it and of the step.</summary>
    public required ulong Seed { get; init; }

    /// <summary>What the run learns from, as its source describes itself.</summary>
    public required string Data { get; init; }

    /// <summary>How many images that are: the order cannot be continued with more or fewer.</summary>
    public required long Images { get; init; }

    /// <summary>Steps that changed nothing because a value was not finite.</summary>
    public long SkippedSteps { get; init; }

    /// <summary>Seconds of training so far, over all its parts.</summary>
    public double Seconds { get; init; }

    /// <summary>What the validation after this very step measured, to compare checkpoints by, lower is better; null where there was none.</summary>
    public double? Validation { get; init; }

    /// <summary>Bytes of every other file of the checkpoint, by name.</summary>
    public IReadOnlyDictionary<string, long> Files { get; init; } = new Dictionary<string, long>();
}
