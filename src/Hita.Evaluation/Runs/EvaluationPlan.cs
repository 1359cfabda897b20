using Hita.Evaluation.Reports;

namespace Hita.Evaluation.Runs;

/// <summary>What is measured on what: the sources in the order in which they are gone through, each with its metrics.</summary>
internal sealed record EvaluationPlan
{
    /// <summary>The kind of evaluation.</summary>
    public required EvaluationKind Kind { get; init; }

    /// <summary>Everything that the result depends on, as text: a state of another evaluation is not taken up.</summary>
    public required string Key { get; init; }

    /// <summary>The passes over images; the last one is over those that are judged.</summary>
    public required IReadOnlyList<EvaluationPass> Passes { get; init; }

    /// <summary>What the images are compared with, once all passes are done; null where that is nothing.</summary>
    public Func<MeasuredSet?> Reference { get; init; } = static () => null;

    /// <summary>The models that take part.</summary>
    public IReadOnlyList<MeasuredModel> Models { get; init; } = [];

    /// <summary>The weights of the measures by their purpose.</summary>
    public IReadOnlyDictionary<string, string> Weights { get; init; } = new Dictionary<string, string>();

    /// <summary>What else the result depends on.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>Whether results take so long to compute that the state is saved before, however short the passes were.</summary>
    public bool HasSlowResults { get; init; }
}
