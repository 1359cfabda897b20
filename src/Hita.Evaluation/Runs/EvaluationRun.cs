using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Hita.Evaluation.Protocols;
using Hita.Evaluation.Reports;
using Hita.Metrics;
using Hita.Runtime;
using Hita.Runtime.Diagnostics;
using static TorchSharp.torch;

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

    /// <summary>The most images to measure; null for all there are, or as many as the protocol says.</summary>
    public int? SampleCount { get; init; }

    /// <summary>Whether precision and recall are measured; they take 8 KiB of memory an image.</summary>
    public bool PrecisionRecall { get; init; } = true;

    /// <summary>Whether the state of an earlier run in this folder is thrown away.</summary>
    public bool Restart { get; init; }

    /// <summary>Where tensors are computed.</summary>
    public string Device { get; init; } = "cpu";

    /// <summary>Time between two saves of the state, at least.</summary>
    public TimeSpan SaveInterval { get; init; } = TimeSpan.FromMinutes(1);

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

/// <summary>
/// The frame of an evaluation: its folder, its state on the disk, its progress and its records of time and memory. A run that was
/// stopped or killed goes on from the last save with the same result.
/// </summary>
internal sealed class EvaluationRun
{
    private const string StateFile = "state.safetensors";
    private const int MemoryPoints = 200;
    private const long BytesBetweenCollections = 256L << 20;

    private readonly EvaluationOptions _options;
    private readonly string _key;
    private readonly IProgress<EvaluationProgress>? _progress;
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly List<MemoryAtCount> _memory = [];
    private double _secondsBefore;
    private TimeSpan _saved;
    private TimeSpan _saving;
    private long _peak;
    private long _allocated = GC.GetTotalAllocatedBytes();

    /// <param name="options">How it runs.</param>
    /// <param name="key">Everything that the result depends on, as text: a state of another one is not taken up.</param>
    /// <param name="progress">Told after each batch; may be null.</param>
    public EvaluationRun(EvaluationOptions options, string key, IProgress<EvaluationProgress>? progress)
    {
        (_options, _key, _progress) = (options, key, progress);
        Directory.CreateDirectory(options.Folder);
        if (options.Restart)
            Finish();
    }

    private string StatePath => Path.Combine(_options.Folder, StateFile);

    /// <summary>The state of a run that was stopped, or null.</summary>
    /// <exception cref="HitaException">It belongs to another evaluation.</exception>
    public AccumulatorReader? Resume()
    {
        if (!File.Exists(StatePath))
            return null;
        var state = AccumulatorReader.Open(StatePath);
        if (state.Note("key") == _key)
        {
            _secondsBefore = double.Parse(state.Note("seconds") ?? "0", CultureInfo.InvariantCulture);
            return state;
        }
        state.Dispose();
        throw new HitaException($"The folder {_options.Folder} holds the unfinished state of another evaluation (other data, model or settings); choose another folder with -o, or throw that state away with --restart.");
    }

    /// <summary>Goes through images, saving the state now and then and when it is stopped.</summary>
    /// <param name="stage">What is being done.</param>
    /// <param name="done">Images that were done before.</param>
    /// <param name="total">Images in all.</param>
    /// <param name="batches">The batches from <paramref name="done"/> on; reading the next one may throw for a cancellation.</param>
    /// <param name="consume">Measures a batch; returns how many images it had.</param>
    /// <param name="capture">Adds the measurements to a state.</param>
    public void Go<T>(string stage, int done, int total, IEnumerable<T> batches, Func<T, int> consume, Action<AccumulatorWriter> capture)
    {
        var step = Math.Max(1, total / MemoryPoints);
        Note(stage, done, total);
        try
        {
            foreach (var batch in batches)
            {
                var before = done;
                done += consume(batch);
                Collect();
                if (before / step != done / step || done == total)
                    Note(stage, done, total);
                else
                    _progress?.Report(new EvaluationProgress(stage, done, total));
                // A state may be large: saving it shall take a twentieth of the time at most.
                if (_clock.Elapsed - _saved > _options.SaveInterval + (20 * _saving) && done < total)
                    Save(capture);
            }
            // What follows, the computing, may be stopped too.
            if (_clock.Elapsed > _options.SaveInterval)
                Save(capture);
        }
        catch (OperationCanceledException)
        {
            Save(capture);
            throw;
        }
    }

    /// <summary>Saves the state, at the end of a stage for example.</summary>
    public void Save(Action<AccumulatorWriter> capture)
    {
        var start = _clock.Elapsed;
        var writer = new AccumulatorWriter().Note("key", _key)
            .Note("seconds", (_secondsBefore + start.TotalSeconds).ToString("r", CultureInfo.InvariantCulture));
        capture(writer);
        writer.Save(StatePath);
        _saved = _clock.Elapsed;
        _saving = _saved - start;
    }

    /// <summary>Removes the state: the report is there, or it is not wanted.</summary>
    public void Finish() => File.Delete(StatePath);

    /// <summary>Where and how long this ran.</summary>
    public EvaluationEnvironment Environment() => new()
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
