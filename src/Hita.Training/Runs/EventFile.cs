using System.Buffers.Binary;
using System.Globalization;
using Google.Protobuf;
using Hita.Imaging;
using Tensorboard;

namespace Hita.Training.Runs;

/// <summary>Writes an event file that TensorBoard shows: scalars and images by tag and step.</summary>
/// <remarks>
/// The file is a list of records, each a length, a checksum of it, an <see cref="Event"/> message of protocol buffers, and a
/// checksum of that. The messages are the tensor library's. Its <c>SummaryWriter</c> is not used: it cannot say that the steps after
/// a resumed one are void, and knows the time to two minutes only. Records are appended whole, and readers stop at a torn one.
/// </remarks>
internal sealed class EventFile : IDisposable
{
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
        Append(0, new Event { FileVersion = "brain.Event:2" });
        Append(fromStep, new Event { SessionLog = new SessionLog { Status = SessionLog.Types.SessionStatus.Start } });
        _stream.Flush();
    }

    /// <summary>Writes numbers of a step.</summary>
    public void Scalars(long step, IEnumerable<KeyValuePair<string, double>> values)
    {
        var summary = new Summary();
        foreach (var (tag, value) in values)
            summary.Value.Add(new Summary.Types.Value { Tag = tag, SimpleValue = (float)value });
        AppendSummary(step, summary);
    }

    /// <summary>Writes an image of a step.</summary>
    public void Image(long step, string tag, Image image)
    {
        using var png = new MemoryStream();
        ImageWriter.Write(image, png, ImageFormat.Png);
        png.Position = 0;
        var shown = new Summary.Types.Image { Height = image.Height, Width = image.Width, Colorspace = Imaging.Image.Channels, EncodedImageString = ByteString.FromStream(png) };
        var summary = new Summary();
        summary.Value.Add(new Summary.Types.Value { Tag = tag, Image = shown });
        AppendSummary(step, summary);
    }

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();

    private void AppendSummary(long step, Summary summary)
    {
        Append(step, new Event { Summary = summary });
        _stream.Flush();
    }

    private void Append(long step, Event message)
    {
        message.Step = step;
        message.WallTime = (_clock.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalSeconds;
        _stream.Write(Frame(message.ToByteArray()));
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
}
