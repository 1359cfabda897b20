using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Hita.Training.Runs;

/// <summary>What a run measured, as a file with one JSON object a step.</summary>
internal sealed class MetricsLog : IDisposable
{
    public const string FileName = "metrics.jsonl";

    private readonly FileStream _stream;

    /// <summary>Opens the log for the steps after one; what an interrupted run wrote about them is cut off.</summary>
    /// <param name="folder">The run's folder.</param>
    /// <param name="lastStep">The step that the run continues from; 0 for a new one.</param>
    public MetricsLog(string folder, long lastStep)
    {
        var path = Path.Combine(folder, FileName);
        _stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        _stream.SetLength(LengthUpTo(_stream, lastStep));
        _stream.Position = _stream.Length;
    }

    /// <summary>Appends a step. A value that is not finite becomes <c>null</c>.</summary>
    public void Write(StepRecord record)
    {
        var line = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(line))
        {
            json.WriteStartObject();
            json.WriteNumber("step", record.Step);
            json.WriteNumber("epoch", Math.Round(record.Epoch, 4));
            json.WriteNumber("images", record.Images);
            if (record.Tokens > 0)
                json.WriteNumber("tokens", record.Tokens);
            foreach (var (name, value) in record.Values)
                Number(json, name, value);
            Number(json, "step_seconds", Math.Round(record.StepSeconds, 4));
            Number(json, "wait_seconds", Math.Round(record.WaitSeconds, 4));
            Number(json, "wait_share", Math.Round(record.WaitShare, 4));
            Number(json, "images_per_second", Math.Round(record.ImagesPerSecond, 3));
            if (record.Tokens > 0)
                Number(json, "tokens_per_second", Math.Round(record.TokensPerSecond, 1));
            if (record.Skipped)
                json.WriteBoolean("skipped", true);
            foreach (var (name, value) in record.Validation)
                Number(json, name, value);
            json.WriteEndObject();
        }
        line.Write("\n"u8);
        // One call a line: a kill leaves whole lines, or one cut line that the next start removes.
        _stream.Write(line.WrittenSpan);
        _stream.Flush();
    }

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();

    /// <summary>Bytes of the whole lines whose step is at most this.</summary>
    private static long LengthUpTo(FileStream stream, long lastStep)
    {
        using var reader = new StreamReader(stream, Encoding.UTF8, detectEncodingFromByteOrderMarks: false, leaveOpen: true);
        var length = 0L;
        while (reader.ReadLine() is { } line)
        {
            var end = length + Encoding.UTF8.GetByteCount(line) + 1;
            if (end > stream.Length || StepOf(line) is not { } step || step > lastStep)
                break;
            length = end;
        }
        return length;
    }

    private static long? StepOf(string line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            return document.RootElement.GetProperty("step").GetInt64();
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }

    private static void Number(Utf8JsonWriter json, string name, double value)
    {
        if (double.IsFinite(value))
            json.WriteNumber(name, value);
        else
            json.WriteNull(name);
    }
}
