using System.Text.Json;
using System.Text.Json.Serialization;
using Hita.Data;
using Hita.Evaluation.Protocols;
using Hita.Runtime;

namespace Hita.Evaluation.Reports;

/// <summary>What was evaluated.</summary>
public enum EvaluationKind
{
    /// <summary>A tokenizer, by how well it gives images back.</summary>
    Reconstruction,

    /// <summary>A generator, by how its images compare with true ones.</summary>
    Generation,

    /// <summary>An archive of samples, from whatever model.</summary>
    Archive,

    /// <summary>A generator, by whether a classifier recognises the classes of its images.</summary>
    Classes,

    /// <summary>A tokenizer, by what a linear classifier reads from its features.</summary>
    Probe,
}

/// <summary>A set of images.</summary>
/// <param name="Description">What it is: a file, a source, a model's samples.</param>
/// <param name="Hash">Identifies the images or the statistics; two sets of one hash are the same.</param>
/// <param name="Count">Images, or null for ready-made statistics that do not say.</param>
/// <param name="Size">
/// The images' size in pixels, for example <c>64×64</c>; null where they have several, or ready-made statistics do not say.
/// </param>
public sealed record MeasuredSet(string Description, string Hash, long? Count, string? Size = null);

/// <summary>A model that took part.</summary>
/// <param name="Role">tokenizer or generator.</param>
/// <param name="Name">What it was opened by: a folder or a preset.</param>
/// <param name="Hash">Its weights' hash.</param>
public sealed record MeasuredModel(string Role, string Name, string Hash);

/// <summary>Metrics that were not measured.</summary>
/// <param name="Metrics">Which, in words.</param>
/// <param name="Reason">Why, and what to do about it, in a sentence.</param>
public sealed record UnmeasuredMetrics(string Metrics, string Reason);

/// <summary>A metric as it was after some of the samples.</summary>
/// <param name="Count">Samples.</param>
/// <param name="Value">The metric's value.</param>
public sealed record MetricAtCount(long Count, double Value);

/// <summary>The result of an evaluation, with everything that it depends on. One JSON file.</summary>
public sealed record EvaluationReport
{
    /// <summary>The name of the file in an evaluation's folder.</summary>
    public const string FileName = "report.json";

    private const string TypeName = "hita-evaluation";

    // Reports of version 1 say no version; their results stand under another key.
    private const int CurrentVersion = 2;

    /// <summary>Marks the file as a report.</summary>
    [JsonPropertyOrder(-2)]
    public string Type { get; init; } = TypeName;

    /// <summary>The version of the report: 2.</summary>
    [JsonPropertyOrder(-2)]
    public int Version { get; init; } = CurrentVersion;

    /// <summary>What was evaluated.</summary>
    [JsonPropertyOrder(-1)]
    public required EvaluationKind Kind { get; init; }

    /// <summary>How it was measured.</summary>
    public required EvaluationProtocol Protocol { get; init; }

    /// <summary>What was judged.</summary>
    public required MeasuredSet Samples { get; init; }

    /// <summary>What it was compared with; null where nothing was.</summary>
    public MeasuredSet? Reference { get; init; }

    /// <summary>The models that made the samples; none for an archive.</summary>
    public required IReadOnlyList<MeasuredModel> Models { get; init; }

    /// <summary>The weights of the measures by their purpose, each identified by a hash.</summary>
    public required IReadOnlyDictionary<string, string> Weights { get; init; }

    /// <summary>What else the result depends on: seeds, sampling settings, choices of the command.</summary>
    public required IReadOnlyDictionary<string, string> Settings { get; init; }

    /// <summary>The results.</summary>
    public required IReadOnlyList<Metric> Metrics { get; init; }

    /// <summary>What was not measured, and why.</summary>
    public required IReadOnlyList<UnmeasuredMetrics> Unmeasured { get; init; }

    /// <summary>Images that could not be read and were left out; null where every image was read.</summary>
    public UnreadableSummary? Unreadable { get; init; }

    /// <summary>FID after some of the samples: how far it is from settled. Empty where there is no FID.</summary>
    public IReadOnlyList<MetricAtCount> FidByCount { get; init; } = [];

    /// <summary>Results by class; empty where classes were not told apart.</summary>
    public IReadOnlyList<ClassMetrics> Classes { get; init; } = [];

    /// <summary>Where and how long it ran.</summary>
    public required EvaluationEnvironment Environment { get; init; }

    /// <summary>A metric by its name; null where it was not measured.</summary>
    /// <param name="name">For example <c>fid</c>; see <see cref="MetricNames"/>.</param>
    public Metric? Find(string name) => Metrics.FirstOrDefault(f => f.Name == name);

    /// <summary>Writes the report.</summary>
    /// <param name="path">Where it will appear.</param>
    /// <exception cref="CheckpointException">It cannot be written.</exception>
    public void Save(string path) => AtomicFile.WriteText(path, ConfigJson.Write(this));

    /// <summary>Reads a report.</summary>
    /// <param name="path">The file, or the folder of an evaluation.</param>
    /// <exception cref="CheckpointException">There is none, or it is no report of this version.</exception>
    public static EvaluationReport Load(string path)
    {
        var file = Directory.Exists(path) ? Path.Combine(path, FileName) : path;
        string text;
        try
        {
            text = File.ReadAllText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(file, Directory.Exists(path)
                ? "there is no report in this folder; an evaluation that was stopped goes on when its command is repeated."
                : "the report cannot be read; name a report.json or the folder of an evaluation.", e);
        }
        RequireKnownVersion(text, file);
        var report = ConfigJson.Read<EvaluationReport>(text, file);
        if (report.Type != TypeName)
            throw new CheckpointException(file, $"this is not an evaluation's report but '{MessageText.Short(report.Type)}'.");
        try
        {
            report.Protocol.Validate();
        }
        catch (ConfigException e)
        {
            throw new CheckpointException(file, e.Message + ".", e);
        }
        return report;
    }

    private static void RequireKnownVersion(string text, string file)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("type", out var type) || type.ValueKind != JsonValueKind.String || type.GetString() != TypeName)
                return;
            var hasVersion = root.TryGetProperty("version", out var version);
            if (hasVersion ? version.ValueKind == JsonValueKind.Number && version.TryGetInt32(out var number) && number < CurrentVersion : !root.TryGetProperty("metrics", out _))
                throw new CheckpointException(file, "an older version of Hita made this report, and its results are written otherwise now; evaluate again.");
            if (hasVersion && version.ValueKind == JsonValueKind.Number && version.TryGetInt32(out number) && number > CurrentVersion)
                throw new CheckpointException(file, $"a newer version of Hita made this report (its version is {number}, and {CurrentVersion} is the newest known here); read it with that one.");
        }
        catch (JsonException)
        {
            // Reading the report says what is wrong with it.
        }
    }
}

/// <summary>Results of one class.</summary>
/// <param name="Class">Its number.</param>
/// <param name="Name">Its name.</param>
/// <param name="Count">Samples of it.</param>
/// <param name="Recognised">Samples that the classifier took for it.</param>
/// <param name="ConfusedWith">The class that the others were taken for most often; null where there are none.</param>
public sealed record ClassMetrics(int Class, string Name, int Count, int Recognised, string? ConfusedWith);

/// <summary>Where an evaluation ran.</summary>
public sealed record EvaluationEnvironment
{
    /// <summary>This library's version.</summary>
    public required string Version { get; init; }

    /// <summary>The .NET runtime.</summary>
    public required string DotNet { get; init; }

    /// <summary>The operating system.</summary>
    public required string OperatingSystem { get; init; }

    /// <summary>The processor.</summary>
    public required string Processor { get; init; }

    /// <summary>Threads of one tensor operation.</summary>
    public required int Threads { get; init; }

    /// <summary>Where tensors were computed.</summary>
    public required string Device { get; init; }

    /// <summary>When it was finished.</summary>
    public required DateTimeOffset Finished { get; init; }

    /// <summary>Seconds it took, those before an interruption included.</summary>
    public required double Seconds { get; init; }

    /// <summary>The most memory that the process held, models included, in MiB; since the last interruption.</summary>
    public required long PeakMebibytes { get; init; }

    /// <summary>Memory that the process held as the samples came; since the last interruption.</summary>
    public required IReadOnlyList<MemoryAtCount> Memory { get; init; }
}

/// <summary>Memory that the process held after some of the samples.</summary>
/// <param name="Stage">What was being done.</param>
/// <param name="Count">Samples of this stage.</param>
/// <param name="Mebibytes">Resident memory in MiB.</param>
public sealed record MemoryAtCount(string Stage, long Count, long Mebibytes);
