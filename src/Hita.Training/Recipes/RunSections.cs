using Hita.Runtime;

namespace Hita.Training.Recipes;

/// <summary>How long a run is.</summary>
public sealed record ScheduleSection
{
    /// <summary>Steps in all; null where <see cref="Epochs"/> says it.</summary>
    public long? Steps { get; init; }

    /// <summary>Passes through the data, fractions allowed; null where <see cref="Steps"/> says it.</summary>
    public double? Epochs { get; init; }

    /// <summary>Images of a step (published 256).</summary>
    public int BatchSize { get; init; } = 256;

    /// <summary>Parts that a step's images are computed in, to save memory; it divides the batch size. Default 1.</summary>
    public int Accumulation { get; init; } = 1;

    /// <summary>Passes through the data over which the learning rate rises; null leaves it to the optimiser's <c>warmup_steps</c>.</summary>
    public double? WarmupEpochs { get; init; }

    internal void CollectFaults(List<string> faults)
    {
        if (Steps is null == Epochs is null)
            faults.Add(Steps is null ? "schedule needs steps or epochs" : "schedule has both steps and epochs, one of them is needed");
        if (Steps is < 1)
            faults.Add($"schedule.steps is {Steps}, it must be 1 or more");
        if (Epochs is <= 0)
            faults.Add(FormattableString.Invariant($"schedule.epochs is {Epochs}, it must be above 0"));
        if (BatchSize is < 1 or > 1 << 16)
            faults.Add($"schedule.batch_size is {BatchSize}, 1 to 65536 are possible");
        else if (Accumulation < 1 || BatchSize % Accumulation != 0)
            faults.Add($"schedule.accumulation is {Accumulation}, it must divide the batch size ({BatchSize})");
        if (WarmupEpochs is < 0)
            faults.Add(FormattableString.Invariant($"schedule.warmup_epochs is {WarmupEpochs}, it must be 0 or more"));
    }
}

/// <summary>What is held out and how often it is measured.</summary>
public sealed record ValidationSection
{
    /// <summary>A source of its own; null holds images of the training data out.</summary>
    public string? Source { get; init; }

    /// <summary>Images to measure, and to hold out where there is no source of its own; 0 for no validation. Default 256.</summary>
    public int Count { get; init; } = 256;

    /// <summary>Steps between two validations; 0 for one at the end alone. Default 1000.</summary>
    public long Every { get; init; } = 1000;

    internal void CollectFaults(List<string> faults)
    {
        if (Count < 0)
            faults.Add($"validation.count is {Count}, it must be 0 or more");
        if (Every < 0)
            faults.Add($"validation.every is {Every}, it must be 0 or more");
    }
}

/// <summary>When the state is saved.</summary>
public sealed record CheckpointSection
{
    /// <summary>Steps between two checkpoints. Default 1000.</summary>
    public long Every { get; init; } = 1000;

    /// <summary>How many of the newest are kept; the best by validation is kept besides. Default 2.</summary>
    public int Keep { get; init; } = 2;

    internal void CollectFaults(List<string> faults)
    {
        if (Every < 1)
            faults.Add($"checkpoints.every is {Every}, it must be 1 or more");
        if (Keep < 1)
            faults.Add($"checkpoints.keep is {Keep}, it must be 1 or more");
    }
}

/// <summary>The model folder that a run writes beside its checkpoints.</summary>
public sealed record ExportSection
{
    /// <summary>The weights' type in the file. Default float32.</summary>
    public Precision Precision { get; init; }

    internal void CollectFaults(List<string> faults)
    {
        if (Precision is not (Precision.Float32 or Precision.BFloat16))
            faults.Add("export.precision must be float32 or bfloat16");
    }
}

/// <summary>When a run warns and when it gives up.</summary>
public sealed record HealthSection
{
    /// <summary>The share of a codebook in use below which a warning is given; 0 for none. Default 0.3.</summary>
    public double UsageThreshold { get; init; } = 0.3;

    /// <summary>Steps in a row that may be skipped because values were not finite. Default 10.</summary>
    public int MaxSkipped { get; init; } = 10;

    internal void CollectFaults(List<string> faults)
    {
        if (UsageThreshold is not (>= 0 and <= 1))
            faults.Add(FormattableString.Invariant($"health.usage_threshold is {UsageThreshold}, 0 to 1 are possible"));
        if (MaxSkipped < 0)
            faults.Add($"health.max_skipped is {MaxSkipped}, it must be 0 or more");
    }
}

/// <summary>Where and with how many threads a run computes.</summary>
public sealed record ComputeSection
{
    /// <summary><c>cpu</c>, <c>cuda</c> or <c>cuda:N</c>. Default <c>cpu</c>.</summary>
    public string Device { get; init; } = "cpu";

    /// <summary>
    /// Threads of one tensor operation; 0 for one a processor. A resumed run equals an uninterrupted one to the bit only with the
    /// same number. Default 0.
    /// </summary>
    public int Threads { get; init; }

    /// <summary>Threads that read and decode images; 0 for as many as suit the machine. Default 0.</summary>
    public int Readers { get; init; }

    internal void CollectFaults(List<string> faults)
    {
        if (!Compute.IsDeviceName(Device))
            faults.Add($"compute.device is '{Device}', it must be cpu, cuda or cuda:N");
        if (Threads is < 0 or > 4096)
            faults.Add($"compute.threads is {Threads}, 0 to 4096 are possible");
        if (Readers is < 0 or > 256)
            faults.Add($"compute.readers is {Readers}, 0 to 256 are possible");
    }
}
