namespace Hita.Bench;

/// <summary>How long one position of a batch takes, beside what the machine could do in the same seconds.</summary>
public sealed record StepMeasurement
{
    /// <summary>Sequences decoded side by side.</summary>
    public required int Rows { get; init; }

    /// <summary>Steps measured.</summary>
    public required int Steps { get; init; }

    /// <summary>The mean position of the steps: how much of the cache they read.</summary>
    public required double MeanPosition { get; init; }

    /// <summary>The median time of a step.</summary>
    public required double Seconds { get; init; }

    /// <summary>The median of the time that all threads compute in a step. Waiting for each other, they compute too.</summary>
    public required double ProcessorSeconds { get; init; }

    /// <summary>The time that one step in ten stays under: what the machine does while other programs rest.</summary>
    public required double BestSeconds { get; init; }

    /// <summary>Managed bytes allocated a step, by all threads.</summary>
    public required double AllocatedBytes { get; init; }

    /// <summary>Bytes of weights that a step reads; 0 where that is not known.</summary>
    public required long WeightBytes { get; init; }

    /// <summary>Bytes of keys and values that a step reads, at the mean position; 0 where that is not known.</summary>
    public required long CacheBytes { get; init; }

    /// <summary>Additions and multiplications of a step's matrix products; 0 where that is not known.</summary>
    public required double Operations { get; init; }

    /// <summary>Read bandwidth, in bytes a second: the median of probes between the steps.</summary>
    public required double ReadBandwidth { get; init; }

    /// <summary>The bandwidth that one probe in ten exceeds.</summary>
    public required double BestReadBandwidth { get; init; }

    /// <summary>Matrix-product rate, in operations a second: the median of probes between the steps.</summary>
    public required double MatrixRate { get; init; }

    /// <summary>The shortest time in which memory could deliver the weights, and the processor could multiply them.</summary>
    public double FloorSeconds => Math.Max(WeightBytes / ReadBandwidth, Operations / MatrixRate);

    /// <summary>The floor's share of the time, by the medians.</summary>
    public double Fraction => FloorSeconds / Seconds;

    /// <summary>The share of the measured bandwidth at which weights and cache are read, by the medians.</summary>
    public double BandwidthFraction => (WeightBytes + CacheBytes) / Seconds / ReadBandwidth;
}
