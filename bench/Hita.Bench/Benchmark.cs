using System.Diagnostics;
using Hita.Runtime;
using Hita.Runtime.Diagnostics;

namespace Hita.Bench;

/// <summary>Measures this machine and what Hita reaches on it, each result beside its floor and beside the framework.</summary>
public static class Benchmark
{
    /// <summary>Measures. Whatever else the machine does shows in the results.</summary>
    /// <param name="options">What to measure.</param>
    /// <param name="onLine">Given each measurement as soon as it is there; may be null.</param>
    /// <param name="onStage">Told what is being measured; may be null.</param>
    /// <param name="cancellation">Stops between two rounds.</param>
    /// <exception cref="ConfigException">The options have faults.</exception>
    public static BenchReport Run(
        BenchOptions options, Action<BenchLine>? onLine = null, Action<string>? onStage = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        var run = new BenchRun(options, onLine, onStage, cancellation);
        foreach (var part in options.Parts.Distinct().Order())
        {
            cancellation.ThrowIfCancellationRequested();
            switch (part)
            {
                case BenchPart.Machine:
                    MachineBenchmark.Run(run);
                    break;
                case BenchPart.Steps:
                    StepBenchmark.Run(run);
                    break;
                case BenchPart.Encode:
                    TokenizerBenchmark.Encode(run);
                    break;
                case BenchPart.Decode:
                    TokenizerBenchmark.Decode(run);
                    break;
                case BenchPart.Images:
                    PipelineBenchmark.Run(run);
                    break;
                case BenchPart.Serve:
                    ServeBenchmark.Run(run);
                    break;
                case BenchPart.Device:
                    DeviceBenchmark.Run(run);
                    break;
                default:
                    StartBenchmark.Run(run);
                    break;
            }
        }
        using var process = Process.GetCurrentProcess();
        return new BenchReport
        {
            Date = DateTimeOffset.UtcNow,
            System = SystemReporter.Collect(),
            Threads = run.Threads,
            Lines = run.Lines,
            Skipped = run.Skipped,
            PeakMemoryBytes = process.PeakWorkingSet64,
        };
    }
}

/// <summary>What the parts of a benchmark share.</summary>
internal sealed class BenchRun(BenchOptions options, Action<BenchLine>? onLine, Action<string>? onStage, CancellationToken cancellation)
{
    private readonly List<BenchLine> _lines = [];
    private readonly List<string> _skipped = [];
    private MachineSpeed? _machine;

    public BenchOptions Options => options;

    public CancellationToken Cancellation => cancellation;

    public int Threads => options.Threads > 0 ? options.Threads : Environment.ProcessorCount;

    /// <summary>How fast the machine is, measured when it is first asked for.</summary>
    public MachineSpeed Machine => _machine ??= MachineBenchmark.Measure(this);

    public IReadOnlyList<BenchLine> Lines => _lines;

    public IReadOnlyList<string> Skipped => _skipped;

    public void Stage(string what)
    {
        cancellation.ThrowIfCancellationRequested();
        onStage?.Invoke(what);
    }

    public void Add(BenchLine line)
    {
        _lines.Add(line);
        onLine?.Invoke(line);
    }

    public void Skip(string sentence) => _skipped.Add(sentence);

    /// <summary>Whether this much memory is free; where not, the work is noted as left out.</summary>
    public bool Fits(string what, long bytes)
    {
        // Room for what else the process and its neighbours need.
        const long Reserve = 512L << 20;
        var limit = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        var free = Math.Min(limit, ProcessorInfo.FreeMemory() ?? limit) - Reserve;
        if (bytes <= free)
            return true;
        Skip(FormattableString.Invariant($"{what} was left out: it needs {bytes / 1e9:0.0} GB of memory, and {Math.Max(0, free) / 1e9:0.0} GB are free."));
        return false;
    }

    /// <summary>Repeats work for the options' time, once at least besides warming up.</summary>
    /// <returns>The median of the times, in seconds.</returns>
    public double Median(params ReadOnlySpan<Action> works) => Medians(works)[0];

    /// <summary>Repeats several works in turn, so that whatever else the machine does falls on all of them.</summary>
    /// <returns>The median of each one's times, in seconds.</returns>
    public double[] Medians(params ReadOnlySpan<Action> works) => [.. Times(works).Select(static t => t.Seconds)];

    /// <inheritdoc cref="Medians"/>
    /// <returns>The medians of each one's times, on the clock and of the processors, in seconds.</returns>
    public (double Seconds, double Processor)[] Times(params ReadOnlySpan<Action> works)
    {
        foreach (var work in works)
            work();
        var times = new List<(double Seconds, double Processor)>[works.Length];
        for (var i = 0; i < times.Length; i++)
            times[i] = [];
        var start = Stopwatch.GetTimestamp();
        do
        {
            for (var i = 0; i < works.Length; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                var processor = ProcessorSeconds();
                times[i].Add((Seconds(works[i]), ProcessorSeconds() - processor));
            }
        }
        while (Stopwatch.GetElapsedTime(start).TotalSeconds < options.Seconds);
        return [.. times.Select(static t => (Middle(t.Select(static x => x.Seconds)), Middle(t.Select(static x => x.Processor))))];
    }

    /// <summary>The time that all threads of the process have computed: other programs lengthen it little.</summary>
    public static double ProcessorSeconds() => Environment.CpuUsage.TotalTime.TotalSeconds;

    /// <summary>The time of one call.</summary>
    public static double Seconds(Action work)
    {
        var start = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static double Middle(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted[sorted.Count / 2];
    }
}
