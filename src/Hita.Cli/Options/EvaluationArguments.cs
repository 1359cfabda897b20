using System.CommandLine;
using System.Text.Json;
using Hita.Cli.Hosting;
using Hita.Cli.Output;
using Hita.Data;
using Hita.Distributed;
using Hita.Distributed.Launching;
using Hita.Evaluation.Protocols;
using Hita.Evaluation.Reports;
using Hita.Evaluation.Runs;
using Hita.Runtime;

namespace Hita.Cli.Options;

/// <summary>The options that evaluations share, and how they show their progress and their result.</summary>
internal sealed class EvaluationArguments
{
    private readonly Option<string> _output = CommonOptions.Output("The folder for the report (report.json) and the page (index.html).", "DIR");
    private readonly Option<bool> _restart = new("--restart") { Description = "Discard the unfinished state in the folder instead of resuming from it." };
    private readonly OverwriteOption _overwrite = new();
    private readonly Option<bool> _json = CommandHost.JsonOption();
    private readonly Option<string> _protocol;
    private readonly Option<string?> _weights = new("--weights")
    {
        Description = "The metrics' weights: the Inception file, a folder with the published files, or by-name to try everything without them; the folder of imported weights if left out.",
        HelpName = "FILE|DIR|by-name",
    };

    private readonly ShardOption _shard = new("what it measures stays in the folder, and 'hita evaluate merge' makes the report of all parts.");
    private readonly RankOptions _ranks = new();
    private readonly Option<int?> _samples = new("--samples") { HelpName = "N" };

    /// <param name="protocol">The protocol unless one is named.</param>
    /// <param name="samples">What <c>--samples</c> means.</param>
    public EvaluationArguments(EvaluationProtocol protocol, string samples)
    {
        _protocol = new Option<string>("--protocol")
        {
            Description = "How to measure: like the published scripts, like ADM's suite, or for any size and data.",
            HelpName = string.Join('|', EvaluationProtocols.All.Select(static p => p.Name)),
            DefaultValueFactory = _ => protocol.Name,
        };
        CommonOptions.OneOf(_protocol, [.. EvaluationProtocols.All.Select(static p => p.Name)]);
        _samples.Description = samples;
        NumberOptions.Between(_samples, 2);
    }

    /// <summary>Adds the options.</summary>
    /// <param name="command">The command.</param>
    /// <param name="weights">Whether it measures with Inception weights.</param>
    /// <param name="protocol">Whether a protocol can be chosen.</param>
    public void AddTo(Command command, bool weights = true, bool protocol = true)
    {
        command.Options.Add(_shard);
        _ranks.AddTo(command);
        command.Options.Add(_output);
        if (protocol)
            command.Options.Add(_protocol);
        command.Options.Add(_samples);
        if (weights)
            command.Options.Add(_weights);
        command.Options.Add(_restart);
        command.Options.Add(_overwrite);
        command.Options.Add(_json);
    }

    /// <summary>The protocol that was chosen.</summary>
    public EvaluationProtocol Protocol(ParseResult parsed) => EvaluationProtocols.Find(parsed.GetValue(_protocol)!);

    /// <summary>The number of samples that was asked for; null where none was.</summary>
    public int? Samples(ParseResult parsed) => parsed.GetValue(_samples);

    /// <summary>Says so where a set has fewer images than were asked for.</summary>
    public void WarnOfFewer(ParseResult parsed, CommandHost host, int available)
    {
        if (parsed.GetValue(_samples) is { } wanted && wanted > available)
            host.Terminal.Error.WriteLine($"hita: --samples is {wanted}, and the set has {Wording.Of(available, "image")}: all of them are measured.");
    }

    /// <summary>The options of the run. An evaluation that was stopped has no report yet, and goes on; a finished one is not replaced unasked.</summary>
    /// <exception cref="HitaException">The folder holds a report that may not be replaced, or a value is impossible.</exception>
    public EvaluationOptions Options(ParseResult parsed, CommandHost host, EvaluationProtocol protocol)
    {
        var options = Create(parsed, host, protocol);
        if (!options.IsUnfinished)
            _overwrite.Check(parsed, Path.Combine(options.Folder, EvaluationReport.FileName), Path.Combine(options.Folder, ReportPage.FileName));
        return options;
    }

    private EvaluationOptions Create(ParseResult parsed, CommandHost host, EvaluationProtocol protocol) => new EvaluationOptions
    {
        Folder = parsed.GetValue(_output)!,
        Protocol = protocol,
        SampleCount = parsed.GetValue(_samples),
        Restart = parsed.GetValue(_restart),
        Device = parsed.GetValue(host.Globals.Device)!,
        BatchSize = parsed.GetValue(host.Globals.Device) == "cpu" ? 8 : 64,
    }.Validate();

    /// <summary>The Inception weights; says so where there are none.</summary>
    public FeatureSource Features(ParseResult parsed, CommandHost host)
    {
        var features = FeatureSource.Open(parsed.GetValue(_weights), parsed.GetValue(host.Globals.Device)!);
        if (features.Absence is { } absence)
            host.Terminal.Error.WriteLine($"hita: {absence}");
        else if (features.IsByName)
            host.Terminal.Error.WriteLine("hita: the Inception weights are filled from their names; metrics that need them mean nothing.");
        return features;
    }

    /// <summary>LPIPS; the report says so where there is none.</summary>
    public PerceptualSource Perceptual(ParseResult parsed, CommandHost host) =>
        PerceptualSource.Open(parsed.GetValue(_weights), parsed.GetValue(host.Globals.Device)!);

    /// <summary>What samples are compared with.</summary>
    /// <param name="host">The command's host.</param>
    /// <param name="text">An archive (.npz) or a set of images; of a larger set, as many as the protocol asks samples for are looked at.</param>
    /// <param name="protocol">Says at which size.</param>
    /// <param name="size">The samples' own side in pixels.</param>
    /// <param name="source">The set that was opened, to be disposed; null for an archive.</param>
    /// <exception cref="HitaException">It cannot be opened.</exception>
    public static ReferenceInput Reference(CommandHost host, string text, EvaluationProtocol protocol, int size, out IImageSource? source)
    {
        var measured = protocol.Size == 0 ? size : protocol.Size;
        source = null;
        if (text.EndsWith(".npz", StringComparison.OrdinalIgnoreCase))
            return ReferenceInput.Archive(text, measured);
        source = EvaluationData.Open(host, text, protocol, measured);
        return ReferenceInput.Of(ImageSeries.Source(source, measured, 0, protocol.SampleCount));
    }

    /// <summary>
    /// Does an evaluation's work: together with the other ranks where a launcher started several and no part was named, so that what
    /// concerns all of them is said once; else alone.
    /// </summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="host">The command's host.</param>
    /// <param name="work">Opens what is needed and calls <see cref="Measure"/>.</param>
    /// <returns>The exit code.</returns>
    public int Together(ParseResult parsed, CommandHost host, Action<ProcessGroup> work)
    {
        if (!host.IsMerging && parsed.GetValue(_shard) is null)
            return RankedCommand.Run(host, _ranks.Read(parsed), work);
        using var alone = ProcessGroup.Alone();
        work(alone);
        return ExitCodes.Success;
    }

    /// <summary>Whether other processes measure other parts of the same images.</summary>
    public bool IsShared(ParseResult parsed, CommandHost host, ProcessGroup group) =>
        host.IsMerging || group.Size > 1 || (parsed.GetValue(_shard) is not null && !_shard.Read(parsed, host).IsWhole);

    /// <summary>Measures all of it, or the part that is this process's, and prints the report where there is one.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="host">The command's host.</param>
    /// <param name="group">The ranks that work together; this process alone where there are none.</param>
    /// <param name="evaluation">What is measured.</param>
    /// <param name="printMore">Prints what else a report for people shows; may be null.</param>
    public void Measure(ParseResult parsed, CommandHost host, ProcessGroup group, SharedEvaluation evaluation, Action<EvaluationReport>? printMore = null)
    {
        if (host.IsMerging)
        {
            Show(progress => evaluation.Merge(progress, host.Cancellation));
            return;
        }
        if (group.Size > 1)
        {
            host.Terminal.Error.WriteLine($"hita: {group.Size} ranks share the images out; --shard 0/1 leaves all to one process.");
            Show(progress => MeasureAsRank(host, group, evaluation, Command(parsed), progress));
            return;
        }
        // Without ranks nothing is chosen unasked.
        var part = parsed.GetValue(_shard) is null ? Shard.Whole : _shard.Read(parsed, host);
        if (part.IsWhole)
        {
            Show(progress => evaluation.Run(progress, host.Cancellation));
            return;
        }
        using (var progress = new StageProgress(host.Terminal))
            evaluation.RunShard(part, Command(parsed), progress, host.Cancellation);
        host.Terminal.Error.WriteLine($"hita: the part {part} is measured; when all are, 'hita evaluate merge {parsed.GetValue(_output)}' makes the report.");

        void Show(Func<StageProgress, EvaluationReport?> run)
        {
            EvaluationReport? report;
            using (var progress = new StageProgress(host.Terminal))
                report = run(progress);
            if (report is null)
                return;
            Print(parsed, host, report);
            if (!parsed.GetValue(_json))
                printMore?.Invoke(report);
        }
    }

    // Each rank leaves its part in the folder, which all of them see; the first one puts them together.
    private static EvaluationReport? MeasureAsRank(
        CommandHost host, ProcessGroup group, SharedEvaluation evaluation, string command, StageProgress progress)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(host.Cancellation);
        try
        {
            evaluation.RunShard(new Shard(group.Rank, group.Size), command, new DirectProgress<EvaluationProgress>(p =>
            {
                progress.Report(p);
                // What was measured until then is kept.
                if (group.HasLostRank)
                    stop.Cancel();
            }), stop.Token);
        }
        catch (OperationCanceledException)
        {
            group.ThrowIfLost();
            throw;
        }
        group.Barrier();
        return group.IsFirst ? evaluation.Merge(progress, host.Cancellation) : null;
    }

    // Without the part, which the report is not one of.
    private static string Command(ParseResult parsed)
    {
        var words = parsed.Tokens.Select(static t => t.Value).ToList();
        var at = words.IndexOf("--shard");
        if (at >= 0)
            words.RemoveRange(at, 2);
        return JsonSerializer.Serialize(words);
    }

    /// <summary>Prints a report and says where it and its page are.</summary>
    public void Print(ParseResult parsed, CommandHost host, EvaluationReport report)
    {
        if (report.Unreadable is { } unreadable)
            host.Terminal.Error.WriteLine($"hita: {unreadable.ToSentence()}");
        if (parsed.GetValue(_json))
        {
            host.Terminal.Out.Write(ConfigJson.Write(report));
            return;
        }
        host.Terminal.Table(["metric", "value"], [.. report.Metrics.Select(f => (IReadOnlyList<string>)[MetricNames.Title(f.Name, report.Kind), MetricNames.Text(f)])]);
        foreach (var missing in report.Unmeasured)
            host.Terminal.Line($"not measured: {missing.Metrics}. {missing.Reason}");
        var folder = parsed.GetValue(_output)!;
        host.Terminal.Line($"{Path.Combine(folder, EvaluationReport.FileName)} holds all of it, {Path.Combine(folder, ReportPage.FileName)} shows it.");
    }
}

/// <summary>A progress line for each stage of an evaluation.</summary>
internal sealed class StageProgress(Terminal terminal) : IProgress<EvaluationProgress>, IDisposable
{
    private string? _stage;
    private ProgressLine? _line;

    public void Report(EvaluationProgress value)
    {
        if (value.Stage != _stage)
        {
            _line?.Dispose();
            _stage = value.Stage;
            _line = value.Total > 0 ? new ProgressLine(terminal, value.Stage, "images", value.Total) : null;
            if (_line is null)
                terminal.Error.WriteLine($"{value.Stage} …");
        }
        _line?.Report(value.Done);
    }

    public void Dispose() => _line?.Dispose();
}
