using System.Globalization;
using System.Text;
using Hita.Evaluation.Reports;

namespace Hita.Studies.Convergence;

/// <summary>What was measured of a run at a step.</summary>
/// <param name="Arm">Which codes.</param>
/// <param name="Seed">Of the weights and of the order of the data.</param>
/// <param name="Step">After which step.</param>
/// <param name="NatsPerImage">The negative log-likelihood of the images held out, in nats an image, over all of an image's tokens.</param>
/// <param name="Distance">Fréchet distance of samples to real images; not a number where there was no network.</param>
/// <param name="Agreement">The share of samples whose class is recognised, 0 to 1; not a number where there was no classifier.</param>
/// <param name="StepSeconds">The median of a step's seconds over the run.</param>
/// <param name="Tokens">Tokens of an image.</param>
internal sealed record ConvergenceRow(string Arm, int Seed, long Step, double NatsPerImage, double Distance, double Agreement, double StepSeconds, int Tokens);

/// <summary>The study's result.</summary>
internal sealed record ConvergenceReport(
    string Recipe, IReadOnlyList<string> Sets, int Steps, int Samples, float Guidance, string? Network, string? Classifier, IReadOnlyList<string> Arms, IReadOnlyList<ConvergenceRow> Rows)
{
    /// <summary>
    /// How many times sooner, by steps, each seed's first arm reaches what the second one ends with; between two points the curve is
    /// taken to be straight. 0 where it is not reached; a seed whose second arm lacks its end is left out.
    /// </summary>
    /// <param name="of">What is compared.</param>
    /// <param name="isLower">Whether less of it is better.</param>
    public IReadOnlyList<(int Seed, double BySteps, double ByTime)> Speedups(Func<ConvergenceRow, double> of, bool isLower)
    {
        var end = Rows.Max(static r => r.Step);
        return [.. Rows.Where(r => r.Arm == Arms[1] && r.Step == end).Select(static r => r.Seed).Where(seed => Of(Arms[0], seed).Count > 0).Select(seed =>
        {
            var (first, second) = (Of(Arms[0], seed), Of(Arms[1], seed));
            var target = of(second[^1]);
            var step = Reached([.. first.Select(r => (r.Step, of(r)))], target, isLower);
            return (seed, second[^1].Step / step, second[^1].Step * second[^1].StepSeconds / (step * first[^1].StepSeconds));
        })];
    }

    /// <summary>The step at which a curve first reaches a value; infinite where it does not, so that ratios become 0.</summary>
    internal static double Reached(IReadOnlyList<(long Step, double Value)> curve, double target, bool isLower)
    {
        bool Good(double value) => isLower ? value <= target : value >= target;
        for (var i = 0; i < curve.Count; i++)
        {
            if (!Good(curve[i].Value))
                continue;
            // Before its first point nothing is known of a curve.
            if (i == 0)
                return curve[0].Step;
            var (before, after) = (curve[i - 1], curve[i]);
            return before.Step + ((after.Step - before.Step) * (target - before.Value) / (after.Value - before.Value));
        }
        return double.PositiveInfinity;
    }

    public string Markdown()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"# Convergence: {Arms[0]} and {Arms[1]}\n\n{Recipe}{(Sets.Count > 0 ? $" with {string.Join(", ", Sets)}" : "")}: {Steps} steps, seeds {string.Join(", ", Rows.Select(static r => r.Seed).Distinct())}; {Samples} samples at each point, guidance {Guidance}.");
        if (Classifier is not null)
            text.Append(CultureInfo.InvariantCulture, $" The classifier: {Classifier}.");
        text.Append(CultureInfo.InvariantCulture, $" Means over the seeds, ± their standard deviation; in brackets their number where it is not {SeedCount}.{(HasTimes ? $" A step of {Arms[0]} took {Seconds(0)} s and one of {Arms[1]} {Seconds(1)} s, by the median; the runs took turns." : "")}\n\n");
        text.Append(CultureInfo.InvariantCulture, $"| step | {Head("Fréchet distance")} | {Head("class recognised")} | {Head("nats an image, held out")} |\n| ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n");
        foreach (var step in Rows.Select(static r => r.Step).Distinct().Order())
            text.Append(CultureInfo.InvariantCulture, $"| {step} | {Cells(step, static r => r.Distance, "0.00", 1)} | {Cells(step, static r => r.Agreement, "0.0", 100)} | {Cells(step, static r => r.NatsPerImage, "0", 1)} |\n");
        text.Append(CultureInfo.InvariantCulture, $"\nNats of different codes are not comparable with each other: they say how each run goes on. How many times sooner {Arms[0]} has what {Arms[1]} ends with, by seed:\n\n");
        Append(text, "Fréchet distance", static r => r.Distance, isLower: true);
        Append(text, "class recognised", static r => r.Agreement, isLower: false);
        foreach (var (file, what, _) in Plotted())
            text.Append(CultureInfo.InvariantCulture, $"\n![{what} over the steps]({file}-steps.svg){(HasTimes ? $" ![{what} over time]({file}-time.svg)" : "")}\n");
        return text.ToString();
    }

    /// <summary>The plots by file name.</summary>
    public IEnumerable<KeyValuePair<string, string>> Plots()
    {
        foreach (var byTime in HasTimes ? (bool[])[false, true] : [false])
        {
            var end = byTime ? "time" : "steps";
            foreach (var (file, _, plot) in Plotted())
                yield return new($"{file}-{end}.svg", plot(byTime));
        }
    }

    // Without a network there are no distances, without a classifier no shares.
    private IEnumerable<(string File, string What, Func<bool, string> Plot)> Plotted()
    {
        if (Rows.Any(static r => double.IsFinite(r.Distance)))
            yield return ("distance", "Fréchet distance", byTime => Plot(static r => r.Distance, 1, "Fréchet distance", byTime));
        if (Rows.Any(static r => double.IsFinite(r.Agreement)))
            yield return ("agreement", "Share of samples whose class is recognised", byTime => Plot(static r => r.Agreement, 100, "class recognised, %", byTime));
    }

    private int SeedCount => Rows.Select(static r => r.Seed).Distinct().Count();

    // Models that were trained elsewhere may have come without their runs.
    private bool HasTimes => Rows.All(static r => double.IsFinite(r.StepSeconds));

    private List<ConvergenceRow> Of(string arm, int seed) => [.. Rows.Where(r => r.Arm == arm && r.Seed == seed).OrderBy(static r => r.Step)];

    private string Seconds(int arm) => Rows.Where(r => r.Arm == Arms[arm]).Average(static r => r.StepSeconds).ToString("0.000", CultureInfo.InvariantCulture);

    private string Head(string what) => $"{what}, {Arms[0]} | {Arms[1]}";

    private string Cells(long step, Func<ConvergenceRow, double> of, string format, double factor) => string.Join(" | ", Arms.Select(arm =>
    {
        var values = Rows.Where(r => r.Arm == arm && r.Step == step).Select(r => factor * of(r)).ToList();
        var mean = values.Count == 0 ? double.NaN : values.Average();
        if (!double.IsFinite(mean))
            return "–";
        var text = mean.ToString(format, CultureInfo.InvariantCulture);
        var number = values.Count < SeedCount ? $" ({values.Count})" : "";
        if (values.Count == 1)
            return text + number;
        var deviation = Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / (values.Count - 1));
        return $"{text} ± {deviation.ToString(format, CultureInfo.InvariantCulture)}{number}";
    }));

    private void Append(StringBuilder text, string what, Func<ConvergenceRow, double> of, bool isLower)
    {
        if (Rows.Any(r => !double.IsFinite(of(r))))
            return;
        text.Append(CultureInfo.InvariantCulture, $"- {what}: ");
        text.AppendJoin("; ", Speedups(of, isLower).Select(s => s.BySteps > 0
            ? string.Create(CultureInfo.InvariantCulture, $"seed {s.Seed}: {s.BySteps:0.00} × by steps{(HasTimes ? $", {s.ByTime:0.00} × by time" : "")}")
            : string.Create(CultureInfo.InvariantCulture, $"seed {s.Seed}: not reached")));
        text.Append('\n');
    }

    private string Plot(Func<ConvergenceRow, double> of, double factor, string title, bool byTime) => PagePlots.Lines(
        [.. Arms.Select(arm => new PlotSeries(arm, [.. Rows.Where(r => r.Arm == arm && double.IsFinite(of(r))).GroupBy(static r => r.Step).OrderBy(static g => g.Key)
            .Select(g => (byTime ? g.Key * g.Average(static r => r.StepSeconds) / 60 : g.Key, factor * g.Average(of)))]))],
        byTime ? "minutes" : "step",
        title);
}
