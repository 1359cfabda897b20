using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Hita.Imaging;

namespace Hita.Training.Runs;

/// <summary>Writes an event file that TensorBoard shows: scalars and images by tag and step.</summary>
/// <remarks>
/// The file is a list of records, each a length, a checksum of it, an <c>Event</c> message of protocol buffers, and a checksum of
/// that. The few fields that are needed are encoded here. Records are appended whole, and readers stop at a torn one.
/// </remarks>
internal sealed class EventFile : IDisposable
{
    // Field numbers and wire types of the messages Event, SessionLog, Summary, Summary.Value and Summary.Image.
    private const byte WallTime = (1 << 3) | 1;
    private const byte Step = 2 << 3;
    private const byte FileVersion = (3 << 3) | 2;
    private const byte SummaryField = (5 << 3) | 2;
    private const byte SessionLog = (7 << 3) | 2;
    private const byte SummaryValue = (1 << 3) | 2;
    private const byte Tag = (1 << 3) | 2;
    private const byte SimpleValue = (2 << 3) | 5;
    private const byte ImageField = (4 << 3) | 2;
    private const byte ImageBytes = (4 << 3) | 2;

    private readonly FileStream _stream;
    private readonly TimeProvider _clock;

    /// <summary>Starts a file in a folder.</summary>
    /// <param name="folder">The folder, which exists.</param>
    /// <param name="fromStep">The first step to come: what other files of the folder say about it and later ones is void.</param>
    /// <param name="clock">Tells the time of each event.</param>
    public EventFile(string folder, long fromStep, TimeProvider clock)
    {
        _clock = clock;
        var name = string.Create(CultureInfo.InvariantCulture, $"events.out.tfevents.{clock.GetUtcNow().ToUnixTimeMilliseconds()}.{Environment.ProcessId}.hita");
        _stream = new FileStream(Path.Combine(folder, name), FileMode.Append, FileAccess.Write, FileShare.Read);
        var version = new MemoryStream();
        WriteBytes(version, FileVersion, "brain.Event:2"u8);
        Append(0, version);
        var session = new MemoryStream();
        WriteBytes(session, SessionLog, [1 << 3, 1]); // status: START
        Append(fromStep, session);
        _stream.Flush();
    }

    /// <summary>Writes numbers of a step.</summary>
    public void Scalars(long step, IEnumerable<KeyValuePair<string, double>> values)
    {
        var summary = new MemoryStream();
        Span<byte> number = stackalloc byte[4];
        foreach (var (tag, value) in values)
        {
            var entry = new MemoryStream();
            WriteBytes(entry, Tag, Encoding.UTF8.GetBytes(tag));
            entry.WriteByte(SimpleValue);
            BinaryPrimitives.WriteSingleLittleEndian(number, (float)value);
            entry.Write(number);
            WriteBytes(summary, SummaryValue, Bytes(entry));
        }
        AppendSummary(step, summary);
    }

    /// <summary>Writes an image of a step.</summary>
    public void Image(long step, string tag, Image image)
    {
        using var png = new MemoryStream();
        ImageWriter.Write(image, png, ImageFormat.Png);
        var message = new MemoryStream();
        WriteNumber(message, 1 << 3, (ulong)image.Height);
        WriteNumber(message, 2 << 3, (ulong)image.Width);
        WriteNumber(message, 3 << 3, 3); // red, green, blue
        WriteBytes(message, ImageBytes, Bytes(png));
        var entry = new MemoryStream();
        WriteBytes(entry, Tag, Encoding.UTF8.GetBytes(tag));
        WriteBytes(entry, ImageField, Bytes(message));
        var summary = new MemoryStream();
        WriteBytes(summary, SummaryValue, Bytes(entry));
        AppendSummary(step, summary);
    }

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();

    private void AppendSummary(long step, MemoryStream summary)
    {
        var rest = new MemoryStream();
        WriteBytes(rest, SummaryField, Bytes(summary));
        Append(step, rest);
        _stream.Flush();
    }

    private void Append(long step, MemoryStream rest)
    {
        var message = new MemoryStream();
        message.WriteByte(WallTime);
        Span<byte> time = stackalloc byte[8];
        BinaryPrimitives.WriteDoubleLittleEndian(time, (_clock.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalSeconds);
        message.Write(time);
        WriteNumber(message, Step, (ulong)step);
        message.Write(Bytes(rest));
        _stream.Write(Frame(Bytes(message)));
    }

    /// <summary>A record around a message.</summary>
    internal static byte[] Frame(ReadOnlySpan<byte> message)
    {
        var record = new byte[message.Length + 16];
        BinaryPrimitives.WriteUInt64LittleEndian(record, (ulong)message.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(8), MaskedChecksum.Of(record.AsSpan(0, 8)));
        message.CopyTo(record.AsSpan(12));
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(12 + message.Length), MaskedChecksum.Of(message));
        return record;
    }

    private static ReadOnlySpan<byte> Bytes(MemoryStream stream) => stream.GetBuffer().AsSpan(0, (int)stream.Length);

    private static void WriteBytes(MemoryStream to, byte field, ReadOnlySpan<byte> bytes)
    {
        to.WriteByte(field);
        WriteVariable(to, (ulong)bytes.Length);
        to.Write(bytes);
    }

    private static void WriteNumber(MemoryStream to, byte field, ulong value)
    {
        to.WriteByte(field);
        WriteVariable(to, value);
    }

    private static void WriteVariable(MemoryStream to, ulong value)
    {
        for (; value >= 0x80; value >>= 7)
            to.WriteByte((byte)(value | 0x80));
        to.WriteByte((byte)value);
    }
}
