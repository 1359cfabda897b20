using Hita.Runtime;

namespace Hita.Training.Losses;

/// <summary>How both codebooks are learned.</summary>
public sealed record CodebookOptions
{
    /// <summary>Weight of the entries' distance to the features that chose them (published 1).</summary>
    public double CodebookWeight { get; init; } = 1;

    /// <summary>Weight of the features' distance to the entries they chose (published 0.25).</summary>
    public double CommitmentWeight { get; init; } = 0.25;

    /// <summary>
    /// Weight of the entropy term, which rewards decided choices and an evenly used codebook (published 0). It costs a softmax
    /// over the whole codebook for every feature.
    /// </summary>
    public double EntropyWeight { get; init; }

    /// <summary>The temperature of the entropy term's softmax over negative distances. Default 0.01.</summary>
    public double EntropyTemperature { get; init; } = 0.01;

    /// <summary>The number of latest codes over which usage and perplexity are told (published 65536).</summary>
    public int UsageWindow { get; init; } = 65536;

    /// <summary>
    /// Replaces entries that none of the latest <see cref="UsageWindow"/> codes chose by features of the current batch, every so
    /// many steps once the window is full; 0 never (published).
    /// </summary>
    public int RevivalInterval { get; init; }

    internal void CollectFaults(FaultCollector faults)
    {
        faults.Range(CodebookWeight, 0, 1e6, "codebook_weight");
        faults.Range(CommitmentWeight, 0, 1e6, "commitment_weight");
        faults.Range(EntropyWeight, 0, 1e6, "entropy_weight");
        faults.Above(EntropyTemperature, 0, 1000, "entropy_temperature");
        faults.Range(UsageWindow, 1, 1 << 24, "usage_window");
        faults.Min(RevivalInterval, 0, "revival_interval");
    }
}
