using System.CommandLine;
using Hita.Cli.Hosting;
using Hita.Cli.Output;
using Hita.Evaluation.Reports;

namespace Hita.Cli.Commands.Evaluate;

/// <summary><c>hita compare</c>: reports side by side.</summary>
internal static class CompareCommand
{
    public static Command Create(CommandHost host)
    {
        var reports = new Argument<string[]>("REPORTS") { Description = "Reports (report.json), or the folders of evaluations; two or more.", Arity = ArgumentArity.OneOrMore };
        var json = CommandHost.JsonOption();
        var command = new HitaCommand(
            "compare",
            "Set the reports of evaluations side by side. Reports that were not measured alike (protocol, reference, number of samples, weights) are refused.",
            "hita compare evaluation-a evaluation-b",
            "hita compare a/report.json b/report.json --json")
        {
            reports, json,
        };
        command.SetAction(parsed =>
        {
            var paths = parsed.GetValue(reports)!;
            var loaded = paths.Select(EvaluationReport.Load).ToList();
            var compared = ReportComparison.Compare(loaded, paths);
            if (parsed.GetValue(json))
                JsonOutput.Write(host.Terminal, new { Reports = paths, Metrics = compared });
            else
                Print(host.Terminal, paths, loaded, compared);
            return ExitCodes.Success;
        });
        return command;
    }

    private static void Print(Terminal terminal, string[] paths, List<EvaluationReport> reports, IReadOnlyList<ComparedMetric> metrics)
    {
        terminal.Line($"protocol {reports[0].Protocol.Name}, {reports[0].Samples.Count} images{(reports[0].Reference is { } r ? $", against {r.Description}" : "")}; the best of each figure is marked *");
        terminal.Table(
            ["figure", .. paths],
            [.. metrics.Select(f => (IReadOnlyList<string>)[MetricNames.Title(f.Name, reports[0].Kind), .. f.Metrics.Select((metric, i) => metric is null ? "-" : MetricNames.Text(metric) + (f.Best == i ? " *" : ""))])]);
    }
}
