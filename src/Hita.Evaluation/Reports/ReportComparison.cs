using System.Globalization;
using Hita.Runtime;

namespace Hita.Evaluation.Reports;

/// <summary>A metric in several reports.</summary>
/// <param name="Name">Its name in files.</param>
/// <param name="Metrics">The metric of each report, in their order; null where one does not have it.</param>
/// <param name="Best">The report that has the best one; null where no way is better, or all are alike.</param>
public sealed record ComparedMetric(string Name, IReadOnlyList<Metric?> Metrics, int? Best);

/// <summary>Sets reports side by side, and refuses those whose numbers mean different things.</summary>
public static class ReportComparison
{
    /// <summary>Compares.</summary>
    /// <param name="reports">Two or more.</param>
    /// <param name="names">What each is called in a refusal.</param>
    /// <returns>Every metric that any of them has, in the first report's order.</returns>
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
        // What a tokenizer is judged on is its data, with which it is compared as well; a generator's samples are its own.
        if (a.Kind is EvaluationKind.Reconstruction or EvaluationKind.Probe && a.Samples.Hash != b.Samples.Hash)
            return $"they were measured on different images: {Differences(Sized(a), Sized(b))}";
        if (a.Reference?.Hash != b.Reference?.Hash)
            return $"their references differ: {Differences(a.Reference, b.Reference)}";
        if (a.Samples.Count != b.Samples.Count)
            return $"they were measured on different numbers of samples ({a.Samples.Count} and {b.Samples.Count})";
        var weights = a.Weights.Keys.Intersect(b.Weights.Keys).FirstOrDefault(k => a.Weights[k] != b.Weights[k]);
        return weights is null ? null : $"the weights of {weights} differ";
    }

    // Reports of older versions tell the size of a tokenizer's images among the settings.
    private static MeasuredSet Sized(EvaluationReport report) =>
        report.Samples.Size is null ? report.Samples with { Size = report.Settings.GetValueOrDefault("crop") } : report.Samples;

    // Everything that tells two sets apart, not only the first thing: a name alone may be the same for both.
    private static string Differences(MeasuredSet? a, MeasuredSet? b)
    {
        if (a is null || b is null)
            return $"{a?.Description ?? "none"} and {b?.Description ?? "none"}";
        var differences = new List<string>();
        if (a.Size != b.Size && a.Size is not null && b.Size is not null)
            differences.Add($"images of {Pixels(a.Size)} and of {Pixels(b.Size)}");
        if (a.Count != b.Count && a.Count is not null && b.Count is not null)
            differences.Add(string.Create(CultureInfo.InvariantCulture, $"{a.Count} and {b.Count} images"));
        if (a.Description != b.Description)
            differences.Add($"{a.Description} and {b.Description}");
        return differences.Count > 0 ? string.Join("; ", differences) : $"both are called {a.Description}, but their contents are not the same";
    }

    private static string Pixels(string size) => size.Contains('×', StringComparison.Ordinal) ? $"{size} pixels" : $"a {size}";

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
