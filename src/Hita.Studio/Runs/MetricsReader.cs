using System.Text.Json;

namespace Hita.Studio.Runs;

/// <summary>Reads a run's metrics while they grow: each time only what is new.</summary>
/// <param name="path">The file, a JSON object a line.</param>
internal sealed class MetricsReader(string path)
{
    private const int LongestLine = 1 << 20;
    private const int MaxNames = 60;

    // What says how far a run is instead of how good.
    private static readonly string[] Bookkeeping = ["step", "epoch", "images", "tokens", "step_seconds", "wait_seconds", "wait_share"];

    private readonly Dictionary<string, Curve> _curves = new(StringComparer.Ordinal);
    private long _position;

    /// <summary>The curves by name, in the order in which they appeared.</summary>
    public IReadOnlyList<Curve> Curves => [.. _curves.Values];

    /// <summary>The last step that was read; 0 before the first.</summary>
    public long Step { get; private set; }

    /// <summary>Epochs at the last step.</summary>
    public double Epoch { get; private set; }

    /// <summary>Reads what was written since the last time.</summary>
    /// <returns>Whether there was something.</returns>
    public bool Read()
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        if (stream.Length < _position)
        {
            // It began anew, or resumed from an earlier step.
            _curves.Clear();
            (_position, Step) = (0, 0);
        }
        stream.Position = _position;
        var start = _position;
        var buffer = new byte[1 << 16];
        var line = new MemoryStream();
        for (int read; (read = stream.Read(buffer)) > 0;)
        {
            var rest = buffer.AsSpan(0, read);
            for (int end; (end = rest.IndexOf((byte)'\n')) >= 0; rest = rest[(end + 1)..])
            {
                line.Write(rest[..end]);
                _position += line.Length + 1;
                Take(line.GetBuffer().AsMemory(0, (int)line.Length));
                line.SetLength(0);
            }
            line.Write(rest);
            if (line.Length > LongestLine)
                break;
        }
        return _position > start;
    }

    private void Take(ReadOnlyMemory<byte> line)
    {
        try
        {
            using var document = JsonDocument.Parse(line, new JsonDocumentOptions { MaxDepth = 8 });
            if (document.RootElement.ValueKind != JsonValueKind.Object || !document.RootElement.TryGetProperty("step", out var number) || !number.TryGetInt64(out var step))
                return;
            Step = step;
            foreach (var property in document.RootElement.EnumerateObject())
            {
                if (property.Value.ValueKind != JsonValueKind.Number || !property.Value.TryGetDouble(out var value) || !double.IsFinite(value))
                    continue;
                if (property.Name == "epoch")
                    Epoch = value;
                if (Array.IndexOf(Bookkeeping, property.Name) >= 0)
                    continue;
                if (!_curves.TryGetValue(property.Name, out var curve))
                {
                    if (_curves.Count >= MaxNames)
                        continue;
                    _curves[property.Name] = curve = new Curve(property.Name.Length <= 60 ? property.Name : property.Name[..60]);
                }
                curve.Add(step, value);
            }
        }
        catch (JsonException)
        {
            // A line that a kill cut off; the run removes it when it goes on.
        }
    }
}
