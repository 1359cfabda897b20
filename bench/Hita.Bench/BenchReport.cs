using Hita.Runtime.Diagnostics;

namespace Hita.Bench;

/// <summary>One measurement.</summary>
public sealed record BenchLine
{
    /// <summary>The part it belongs to.</summary>
    public required BenchPart Part { get; init; }

    /// <summary>What was measured, for example <c>hita-b, 1 guided image</c>.</summary>
    public required string What { get; init; }

    /// <summary>With what, for example <c>engine int8</c> or <c>framework float32</c>.</summary>
    public required string With { get; init; }

    /// <summary>The measured value: the median where it was repeated.</summary>
    public required double Value { get; init; }

    /// <summary>The unit of <see cref="Value"/> and <see cref="Floor"/>.</summary>
    public required string Unit { get; init; }

    /// <summary>What the machine, as measured in the same run, could do at best; null where that says nothing.</summary>
    public double? Floor { get; init; }

    /// <summary>How much of what the machine can do is reached, 0 to 1; null without a floor.</summary>
    public double? Fraction { get; init; }

    /// <summary>How many times as fast as the framework in the same run; null where it was not measured.</summary>
    public double? Speedup { get; init; }

    /// <summary>More, in a few words; null where there is no more.</summary>
    public string? Note { get; init; }
}

/// <summary>What a benchmark found.</summary>
public sealed record BenchReport
{
    /// <summary>When it ended.</summary>
    public required DateTimeOffset Date { get; init; }

    /// <summary>The machine and the libraries.</summary>
    public required SystemReport System { get; init; }

    /// <summary>Threads that computed together.</summary>
    public required int Threads { get; init; }

    /// <summary>The measurements, in the order of the parts.</summary>
    public required IReadOnlyList<BenchLine> Lines { get; init; }

    /// <summary>What was left out and why, in full sentences.</summary>
    public required IReadOnlyList<string> Skipped { get; init; }

    /// <summary>The most memory that the process has held, in bytes.</summary>
    public required long PeakMemoryBytes { get; init; }
}
