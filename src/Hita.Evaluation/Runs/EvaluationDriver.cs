using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Hita.Data;
using Hita.Distributed.Launching;
using Hita.Evaluation.Reports;
using Hita.Metrics;
using Hita.Runtime;
using Hita.Runtime.Diagnostics;
using static TorchSharp.torch;

namespace Hita.Evaluation.Runs;

/// <summary>
/// Runs an evaluation: goes through its passes, saves the state now and then, records time and memory, and writes report and
/// page. A run that was stopped or killed goes on from the last save with the same result.
/// </summary>
internal sealed class EvaluationDriver
{
    /// <summary>The name of the file in an evaluation's folder that an unfinished one goes on from.</summary>
    internal const string StateFile = "state.safetensors";
    private const int MemoryPoints = 200;
    private const long BytesBetweenCollections = 256L << 20;

    private readonly EvaluationPlan _plan;
    private readonly EvaluationOptions _options;
    private readonly IProgress<EvaluationProgress>? _progress;
    private readonly CancellationToken _cancellation;
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly List<MemoryAtCount> _memory = [];
    private double _secondsBefore;
    private TimeSpan _saved;
    private TimeSpan _saving;
    private long _peak;
    private long _allocated = GC.GetTotalAllocatedBytes();
    private Shard _shard = Shard.Whole;

    private EvaluationDriver(EvaluationPlan plan, EvaluationOptions options, IProgress<EvaluationProgress>? progress, CancellationToken cancellation) =>
        (_plan, _options, _progress, _cancellation) = (plan, options, progress, cancellation);

    private string StatePath => _shard.IsWhole ? Path.Combine(_options.Folder, StateFile) : EvaluationShards.UnfinishedPathOf(_options.Folder, _shard);

    /// <summary>Runs an evaluation, or goes on with it, and writes its report and page.</summary>
    /// <param name="plan">What is measured on what.</param>
    /// <param name="options">How.</param>
    /// <param name="progress">Told after each batch; may be null.</param>
    /// <param name="cancellation">Stops soon; the same call goes on from there later.</param>
    /// <exception cref="HitaException">
    /// The folder holds the state of another evaluation, too many images cannot be read, or a metric cannot be computed.
    /// </exception>
    public static EvaluationReport Run(
        EvaluationPlan plan, EvaluationOptions options, IProgress<EvaluationProgress>? progress, CancellationToken cancellation) =>
        new EvaluationDriver(plan, options, progress, cancellation).Run();

    /// <summary>Measures a part of the images, and leaves what it measured in the folder; what lies there already is not measured again.</summary>
    /// <param name="plan">What is measured on what.</param>
    /// <param name="options">How.</param>
    /// <param name="shard">Which part.</param>
    /// <param name="command">The command to compute the report by; kept with the measurements.</param>
    /// <param name="progress">Told after each batch; may be null.</param>
    /// <param name="cancellation">Stops soon; the same call goes on from there later.</param>
    /// <exception cref="HitaException">As for <see cref="Run(EvaluationPlan, EvaluationOptions, IProgress{EvaluationProgress}?, CancellationToken)"/>.</exception>
    public static void RunShard(
        EvaluationPlan plan, EvaluationOptions options, Shard shard, string command, IProgress<EvaluationProgress>? progress, CancellationToken cancellation)
    {
        EvaluationShards.RequireDivision(options.Folder, shard);
        var path = EvaluationShards.PathOf(options.Folder, shard);
        if (!options.Restart && IsMeasured(path, plan))
            return;
        var driver = new EvaluationDriver(plan, options, progress, cancellation) { _shard = shard };
        foreach (var pass in plan.Passes)
            pass.Restrict(shard);
        driver.Measure();
        driver.Save(path, command);
        File.Delete(driver.StatePath);
    }

    /// <summary>Puts the measurements of all parts together, and writes the report and page of the whole.</summary>
    /// <param name="plan">What was measured on what.</param>
    /// <param name="options">How.</param>
    /// <param name="progress">Told what is being computed; may be null.</param>
    /// <param name="cancellation">Stops soon.</param>
    /// <exception cref="HitaException">A part is missing, damaged, or of another evaluation.</exception>
    public static EvaluationReport Merge(EvaluationPlan plan, EvaluationOptions options, IProgress<EvaluationProgress>? progress, CancellationToken cancellation)
    {
        var driver = new EvaluationDriver(plan, options, progress, cancellation);
        var files = EvaluationShards.Find(options.Folder);
        // A pass after the other: what samples are compared with has to be whole before they come.
        foreach (var (number, pass) in plan.Passes.Index())
        {
            foreach (var file in files)
            {
                cancellation.ThrowIfCancellationRequested();
                using var state = AccumulatorReader.Open(file);
                if (state.Note("key") != plan.Key)
                    throw new HitaException($"{file}: these measurements are of another evaluation (other data, model or settings); measure this shard again.");
                driver._secondsBefore += number == 0 ? double.Parse(state.Note("seconds") ?? "0", CultureInfo.InvariantCulture) : 0;
                pass.Merge(state);
            }
        }
        var report = driver.Finish();
        EvaluationShards.Clear(options.Folder);
        return report;
    }

    private static bool IsMeasured(string path, EvaluationPlan plan)
    {
        if (!File.Exists(path))
            return false;
        using var state = AccumulatorReader.Open(path);
        return state.Note("key") == plan.Key;
    }

    private EvaluationReport Run()
    {
        Measure();
        if (_plan.HasSlowResults)
            Save();
        var report = Finish();
        File.Delete(StatePath);
        return report;
    }

    private void Measure()
    {
        Directory.CreateDirectory(_options.Folder);
        if (_options.Restart)
            File.Delete(StatePath);
        Resume();
        foreach (var pass in _plan.Passes.Where(static p => p.Done < p.Count))
            Go(pass);
    }

    private EvaluationReport Finish()
    {
        // Before anything is computed: a set of which nothing could be read has no results.
        var sets = _plan.Passes.Select(static p => p.ToSet()).ToList();
        var results = new EvaluationResults(_progress, _cancellation);
        foreach (var metric in _plan.Passes.SelectMany(static p => p.Metrics))
            metric.Report(results);
        var report = Report(sets[^1], results);
        report.Save(Path.Combine(_options.Folder, EvaluationReport.FileName));
        ReportPage.Save(Path.Combine(_options.Folder, ReportPage.FileName), report, results.Page);
        return report;
    }

    private void Resume()
    {
        if (!File.Exists(StatePath))
            return;
        using var state = AccumulatorReader.Open(StatePath);
        if (state.Note("key") != _plan.Key)
            throw new HitaException($"The folder {_options.Folder} holds the unfinished state of another evaluation (other data, model or settings); choose another folder with -o, or throw that state away with --restart.");
        _secondsBefore = double.Parse(state.Note("seconds") ?? "0", CultureInfo.InvariantCulture);
        foreach (var pass in _plan.Passes)
            pass.Restore(state);
    }

    private void Go(EvaluationPass pass)
    {
        var (done, total) = (pass.Done, pass.Count);
        var step = Math.Max(1, total / MemoryPoints);
        Note(pass.Stage, done, total);
        try
        {
            foreach (var batch in pass.Rest(_options.BatchSize, _cancellation))
            {
                var before = done;
                done += pass.Add(batch);
                Collect();
                if (before / step != done / step || done == total)
                    Note(pass.Stage, done, total);
                else
                    _progress?.Report(new EvaluationProgress(pass.Stage, done, total));
                // A state may be large: saving it shall take a twentieth of the time at most.
                if (_clock.Elapsed - _saved > _options.SaveInterval + (20 * _saving) && done < total)
                    Save();
            }
            // What follows, the computing, may be stopped too.
            if (_clock.Elapsed > _options.SaveInterval)
                Save();
        }
        catch (OperationCanceledException)
        {
            Save();
            throw;
        }
    }

    private void Save() => Save(StatePath);

    private void Save(string path, string? command = null)
    {
        var start = _clock.Elapsed;
        var state = new AccumulatorWriter().Note("key", _plan.Key)
            .Note("seconds", (_secondsBefore + start.TotalSeconds).ToString("r", CultureInfo.InvariantCulture));
        foreach (var pass in _plan.Passes)
            pass.Capture(state);
        if (command is not null)
            state.Note(EvaluationShards.CommandNote, command);
        state.Save(path);
        _saved = _clock.Elapsed;
        _saving = _saved - start;
    }

    private EvaluationReport Report(MeasuredSet samples, EvaluationResults results) => new()
    {
        Kind = _plan.Kind,
        Protocol = _options.Protocol,
        Samples = samples,
        Reference = _plan.Reference(),
        Models = _plan.Models,
        Weights = _plan.Weights,
        Settings = new Dictionary<string, string>([.. _plan.Settings, .. results.Settings]),
        Metrics = results.Metrics,
        Unmeasured = results.Unmeasured,
        Unreadable = UnreadableSummary.Join([.. _plan.Passes.Select(static p => p.Unreadable), results.Unreadable]),
        FidByCount = results.FidByCount,
        Classes = results.Classes,
        Environment = Environment(),
    };

    private EvaluationEnvironment Environment() => new()
    {
        Version = SystemReporter.LibraryVersion(),
        DotNet = RuntimeInformation.FrameworkDescription,
        OperatingSystem = RuntimeInformation.OSDescription,
        Processor = ProcessorInfo.Read().Model,
        Threads = get_num_threads(),
        Device = _options.Device,
        Finished = DateTimeOffset.UtcNow,
        Seconds = Math.Round(_secondsBefore + _clock.Elapsed.TotalSeconds, 1),
        PeakMebibytes = _peak,
        Memory = _memory,
    };

    // Images and features are large objects, which the runtime lets pile up for as long as the machine has memory.
    private void Collect()
    {
        if (GC.GetTotalAllocatedBytes() - _allocated < BytesBetweenCollections)
            return;
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        _allocated = GC.GetTotalAllocatedBytes();
    }

    private void Note(string stage, int done, int total)
    {
        _progress?.Report(new EvaluationProgress(stage, done, total));
        using var process = Process.GetCurrentProcess();
        _memory.Add(new MemoryAtCount(stage, done, process.WorkingSet64 >> 20));
        _peak = Math.Max(_peak, process.PeakWorkingSet64 >> 20);
    }
}
