using Hita.Runtime;

namespace Hita.Evaluation.Reports;

/// <summary>A figure in several reports.</summary>
/// <param name="Name">Its name in files.</param>
/// <param name="Metrics">The figure of each report, in their order; null where one has it not.</param>
/// <param name="Best">The report that has the best one; null where no way is better, or all are alike.</param>
public sealed record ComparedMetric(string Name, IReadOnlyList<Metric?> Metrics, int? Best);

/// <summary>Sets reports side by side, and refuses those whose numbers mean different things.</summary>
public static class ReportComparison
{
    /// <summary>Compares.</summary>
    /// <param name="reports">Two or more.</param>
    /// <param name="names">What each is called in a refusal.</param>
    /// <returns>Every figure that any of them has, in the first report's order.</returns>
    /// <exception cref="HitaException">They were not measured alike; the message says in what they differ.</exception>
    public static IReadOnlyList<ComparedMetric> Compare(IReadOnlyList<EvaluationReport> reports, IReadOnlyList<string> names)
    {
        ArgumentNullException.ThrowIfNull(reports);
        ArgumentNullException.ThrowIfNull(names);
        ArgumentOutOfRangeException.ThrowIfNotEqual(names.Count, reports.Count);
        if (reports.Count < 2)
            throw new HitaException("A comparison needs two reports or more.");
        for (var i = 1; i < reports.Count; i++)
        {
            if (Difference(reports[0], reports[i]) is { } difference)
                throw new HitaException($"{names[0]} and {names[i]} cannot be compared: {difference}.");
        }
        var order = reports.SelectMany(static r => r.Metrics).Select(static f => f.Name).Distinct(StringComparer.Ordinal);
        return [.. order.Select(name => Metric(name, [.. reports.Select(r => r.Find(name))]))];
    }

    /// <summary>In what two reports were measured differently, as a clause; null where their numbers may be compared.</summary>
    /// <param name="a">One report.</param>
    /// <param name="b">The other.</param>
    public static string? Difference(EvaluationReport a, EvaluationReport b)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        if (a.Kind != b.Kind)
            return $"one is of {Words(a.Kind)}, the other of {Words(b.Kind)}";
        if (a.Protocol.Name != b.Protocol.Name)
            return $"one follows the protocol '{a.Protocol.Name}', the other '{b.Protocol.Name}'";
        if (a.Protocol != b.Protocol)
            return $"both follow a protocol '{a.Protocol.Name}', but its settings differ";
        if (a.Reference?.Hash != b.Reference?.Hash)
            return $"their references differ ({a.Reference?.Description ?? "none"} and {b.Reference?.Description ?? "none"})";
        // What a tokenizer is judged on is its data; a generator's samples are its own.
        if (a.Kind is EvaluationKind.Reconstruction or EvaluationKind.Probe && a.Samples.Hash != b.Samples.Hash)
            return $"they were measured on different images ({a.Samples.Description} and {b.Samples.Description})";
        if (a.Samples.Count != b.Samples.Count)
            return $"they were measured on different numbers of samples ({a.Samples.Count} and {b.Samples.Count})";
        var weights = a.Weights.Keys.Intersect(b.Weights.Keys).FirstOrDefault(k => a.Weights[k] != b.Weights[k]);
        return weights is null ? null : $"the weights of {weights} differ";
    }

    private static ComparedMetric Metric(string name, Metric?[] metrics)
    {
        var there = metrics.OfType<Metric>().Select(static f => f.Value).Where(double.IsFinite).ToList();
        var better = MetricNames.Better(name);
        if (better == MetricDirection.None || there.Count < 2 || there.Min() == there.Max())
            return new ComparedMetric(name, metrics, null);
        var best = better == MetricDirection.Lower ? there.Min() : there.Max();
        return new ComparedMetric(name, metrics, Array.FindIndex(metrics, f => f?.Value == best));
    }

    private static string Words(EvaluationKind kind) => kind switch
    {
        EvaluationKind.Reconstruction => "reconstruction",
        EvaluationKind.Generation => "generation",
        EvaluationKind.Archive => "an archive",
        EvaluationKind.Classes => "classes",
        _ => "a linear probe",
    };
}
