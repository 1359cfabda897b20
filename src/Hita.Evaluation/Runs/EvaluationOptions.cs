using Hita.Evaluation.Protocols;
using Hita.Runtime;

namespace Hita.Evaluation.Runs;

/// <summary>How an evaluation runs.</summary>
public sealed record EvaluationOptions
{
    /// <summary>The folder for the report, the page and, until it is done, the state.</summary>
    public required string Folder { get; init; }

    /// <summary>How to measure.</summary>
    public required EvaluationProtocol Protocol { get; init; }

    /// <summary>Images at once, 1 or more. On a CPU 8 are as fast as more.</summary>
    public int BatchSize { get; init; } = 8;

    /// <summary>The number of images to measure; may be null: all there are, or as many as the protocol says.</summary>
    public int? SampleCount { get; init; }

    /// <summary>Whether precision and recall are measured; they take 8 KiB of memory an image.</summary>
    public bool PrecisionRecall { get; init; } = true;

    /// <summary>Whether the state of an earlier run in this folder is thrown away.</summary>
    public bool Restart { get; init; }

    /// <summary>Where tensors are computed.</summary>
    public string Device { get; init; } = "cpu";

    /// <summary>Time between two saves of the state, at least.</summary>
    public TimeSpan SaveInterval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Whether the folder holds an evaluation that was stopped, which goes on when it is run again.</summary>
    public bool IsUnfinished => File.Exists(Path.Combine(Folder, EvaluationDriver.StateFile));

    /// <summary>Checks every field.</summary>
    /// <returns>The options themselves.</returns>
    /// <exception cref="ConfigException">Lists all faults.</exception>
    public EvaluationOptions Validate()
    {
        var faults = new FaultCollector();
        faults.Require(!string.IsNullOrEmpty(Folder), $"no folder is given");
        faults.Range(BatchSize, 1, 1024, "the batch size");
        faults.Require(SampleCount is null or >= 2, $"the number of samples is {SampleCount}, at least 2 are needed");
        faults.Throw("The evaluation");
        Protocol.Validate();
        return this;
    }
}

/// <summary>How far an evaluation is.</summary>
/// <param name="Stage">What is being done, for example <c>Measuring</c>.</param>
/// <param name="Done">Images done in this stage.</param>
/// <param name="Total">Images of this stage.</param>
public readonly record struct EvaluationProgress(string Stage, long Done, long Total);
