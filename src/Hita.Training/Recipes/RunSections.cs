using Hita.Runtime;

namespace Hita.Training.Recipes;

/// <summary>How long a run is.</summary>
public sealed record ScheduleSection
{
    /// <summary>Steps in all; null where <see cref="Epochs"/> says it.</summary>
    public long? Steps { get; init; }

    /// <summary>Passes through the data, fractions allowed; null where <see cref="Steps"/> says it.</summary>
    public double? Epochs { get; init; }

    /// <summary>Images of a step (published 256); of data that have fewer, all.</summary>
    public int BatchSize { get; init; } = 256;

    /// <summary>Parts that a step's images are computed in, to save memory; it divides the batch size. Default 1.</summary>
    public int Accumulation { get; init; } = 1;

    /// <summary>Passes through the data over which the learning rate rises; null leaves it to the optimiser's <c>warmup_steps</c>.</summary>
    public double? WarmupEpochs { get; init; }

    internal void CollectFaults(FaultCollector faults)
    {
        faults.Require(Steps is null || Epochs is null, $"schedule has both steps and epochs; leave one of them out");
        faults.Require(Steps is not null || Epochs is not null, $"schedule needs steps or epochs, for example --set schedule.steps=1000");
        faults.Require(Steps is null or >= 1, $"schedule.steps is {Steps}, it must be 1 or more");
        faults.Require(Epochs is null or > 0, $"schedule.epochs is {Epochs}, it must be above 0");
        faults.Range(BatchSize, 1, 1 << 16, "schedule.batch_size");
        faults.Require(
            BatchSize is < 1 or > 1 << 16 || (Accumulation >= 1 && BatchSize % Accumulation == 0),
            $"schedule.accumulation is {Accumulation}, it must divide the batch size ({BatchSize})");
        faults.Min(WarmupEpochs ?? 0, 0, "schedule.warmup_epochs");
    }
}

/// <summary>What is held out and how often it is measured.</summary>
public sealed record ValidationSection
{
    /// <summary>A source of its own; null holds images of the training data out.</summary>
    public string? Source { get; init; }

    /// <summary>
    /// Images to measure, and to hold out where there is no source of its own; 0 for no validation. Where that would be more than half
    /// of the images, a tenth is held out. Default 256.
    /// </summary>
    public int Count { get; init; } = 256;

    /// <summary>Steps between two validations; 0 for one at the end alone. Default 1000.</summary>
    public long Every { get; init; } = 1000;

    internal void CollectFaults(FaultCollector faults)
    {
        faults.Min(Count, 0, "validation.count");
        faults.Min(Every, 0, "validation.every");
    }
}

/// <summary>When the state is saved.</summary>
public sealed record CheckpointSection
{
    /// <summary>Steps between two checkpoints. Default 1000.</summary>
    public long Every { get; init; } = 1000;

    /// <summary>How many of the newest are kept; the best by validation is kept besides. Default 2.</summary>
    public int Keep { get; init; } = 2;

    internal void CollectFaults(FaultCollector faults)
    {
        faults.Min(Every, 1, "checkpoints.every");
        faults.Min(Keep, 1, "checkpoints.keep");
    }
}

/// <summary>The model folder that a run writes beside its checkpoints.</summary>
public sealed record ExportSection
{
    /// <summary>The weights' type in the file. Default float32.</summary>
    public Precision Precision { get; init; }

    internal void CollectFaults(FaultCollector faults)
    {
        faults.Require(Precision is Precision.Float32 or Precision.BFloat16, $"export.precision must be float32 or bfloat16");
    }
}

/// <summary>When a run warns and when it gives up.</summary>
public sealed record HealthSection
{
    /// <summary>The share of a codebook in use below which a warning is given; 0 for none. Default 0.3.</summary>
    public double UsageThreshold { get; init; } = 0.3;

    /// <summary>Steps in a row that may be skipped because values were not finite. Default 10.</summary>
    public int MaxSkipped { get; init; } = 10;

    internal void CollectFaults(FaultCollector faults)
    {
        faults.Range(UsageThreshold, 0, 1, "health.usage_threshold");
        faults.Min(MaxSkipped, 0, "health.max_skipped");
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

    internal void CollectFaults(FaultCollector faults)
    {
        faults.Require(Compute.IsDeviceName(Device), $"compute.device is '{Device}', it must be cpu, cuda or cuda:N");
        faults.Range(Threads, 0, 4096, "compute.threads");
        faults.Range(Readers, 0, 256, "compute.readers");
    }
}
