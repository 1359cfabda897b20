using System.Text.Json;
using Hita.Runtime;
using Hita.Training.Runs;

namespace Hita.Studies.Shift;

/// <summary>What a run wrote about its steps.</summary>
internal sealed class RunMetrics
{
    private readonly Dictionary<string, List<(double Step, double Value)>> _series = new(StringComparer.Ordinal);

    private RunMetrics()
    {
    }

    /// <summary>The last step that was written.</summary>
    public long LastStep { get; private set; }

    /// <summary>Reads a run's folder.</summary>
    /// <exception cref="HitaException">There is nothing to read, or a line is not what a run writes.</exception>
    public static RunMetrics Read(string run)
    {
        var path = Path.Combine(run, MetricsLog.FileName);
        string[] lines;
        try
        {
            lines = File.ReadAllLines(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(path, $"what the run measured cannot be read: {SystemMessage.Of(e)}.", e);
        }
        return Parse(lines, path);
    }

    /// <summary>Reads lines; the last may be cut, as a kill leaves it.</summary>
    internal static RunMetrics Parse(IReadOnlyList<string> lines, string path)
    {
        var metrics = new RunMetrics();
        for (var i = 0; i < lines.Count; i++)
        {
            try
            {
                using var document = JsonDocument.Parse(lines[i]);
                metrics.Add(document.RootElement);
            }
            catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
            {
                if (i < lines.Count - 1)
                    throw new CheckpointException(path, $"line {i + 1} is not a step of a run.", e);
            }
        }
        return metrics.LastStep > 0 ? metrics : throw new CheckpointException(path, "no step is written here.");
    }

    /// <summary>A value by step; empty where the run has none of this name. Values that were not finite are left out.</summary>
    public IReadOnlyList<(double Step, double Value)> this[string name] => _series.TryGetValue(name, out var series) ? series : [];

    /// <summary>The last value of a name; not a number where there is none.</summary>
    public double Last(string name) => this[name] is [.., var (_, value)] ? value : double.NaN;

    /// <summary>The value of a name at a step; not a number where there is none.</summary>
    public double At(string name, long step) => this[name].Where(v => v.Step == step).Select(static v => v.Value).DefaultIfEmpty(double.NaN).Last();

    /// <summary>The median of a name's values; not a number where there is none.</summary>
    public double Median(string name)
    {
        var values = this[name].Select(static v => v.Value).Order().ToList();
        return values.Count > 0 ? values[values.Count / 2] : double.NaN;
    }

    /// <summary>A value by step, thinned to so many points of which the last is one.</summary>
    public IReadOnlyList<(double X, double Y)> Thinned(string name, int most)
    {
        var all = this[name];
        var every = ((all.Count - 1) / most) + 1;
        return [.. all.Where((_, i) => (all.Count - 1 - i) % every == 0)];
    }

    private void Add(JsonElement line)
    {
        var step = line.GetProperty("step").GetInt64();
        foreach (var property in line.EnumerateObject())
        {
            if (property.Value.ValueKind != JsonValueKind.Number || property.NameEquals("step"))
                continue;
            if (!_series.TryGetValue(property.Name, out var series))
                _series[property.Name] = series = [];
            series.Add((step, property.Value.GetDouble()));
        }
        LastStep = step;
    }
}
