using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace Hita.Distributed.Watching;

/// <summary>What ranks say to each other while they watch.</summary>
internal enum WatchWord : byte
{
    /// <summary>I am here.</summary>
    Alive = 1,

    /// <summary>A rank is lost or stops, with its number and a sentence.</summary>
    Fault = 2,

    /// <summary>I leave because all is done.</summary>
    Done = 3,
}

/// <summary>A connection between rank 0 and another rank, over which each notices that the other is gone.</summary>
internal sealed class WatchLink(Socket socket) : IDisposable
{
    private const int MaxTextBytes = 1 << 14;
    private const int HeaderBytes = 9;

    private readonly Lock _sending = new();

    /// <summary>Whether the other side said that all is done.</summary>
    public bool IsDone { get; private set; }

    /// <summary>Sends a word; a side that is gone is noticed by reading.</summary>
    public void Say(WatchWord word, int rank = 0, string text = "")
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        bytes = bytes[..Math.Min(bytes.Length, MaxTextBytes)];
        var message = new byte[HeaderBytes + bytes.Length];
        message[0] = (byte)word;
        BinaryPrimitives.WriteInt32LittleEndian(message.AsSpan(1), rank);
        BinaryPrimitives.WriteInt32LittleEndian(message.AsSpan(5), bytes.Length);
        bytes.CopyTo(message.AsSpan(HeaderBytes));
        try
        {
            lock (_sending)
                Send(message);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The reader has the reason.
        }
    }

    /// <summary>Reads the next word.</summary>
    /// <param name="patience">How long the other side may say nothing.</param>
    /// <returns>Null where the other side is gone.</returns>
    /// <exception cref="TimeoutException">It said nothing for too long.</exception>
    public (WatchWord Word, int Rank, string Text)? Hear(TimeSpan patience)
    {
        var header = new byte[HeaderBytes];
        if (!Fill(header, patience))
            return null;
        var length = Math.Clamp(BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(5)), 0, MaxTextBytes);
        var text = new byte[length];
        if (!Fill(text, patience))
            return null;
        var word = (WatchWord)header[0];
        IsDone |= word == WatchWord.Done;
        return (word, BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(1)), Encoding.UTF8.GetString(text));
    }

    /// <summary>Ends the connection.</summary>
    public void Dispose() => socket.Dispose();

    private void Send(byte[] message)
    {
        for (var sent = 0; sent < message.Length;)
            sent += socket.Send(message.AsSpan(sent));
    }

    private bool Fill(byte[] target, TimeSpan patience)
    {
        for (var read = 0; read < target.Length;)
        {
            try
            {
                socket.ReceiveTimeout = (int)Math.Max(1, patience.TotalMilliseconds);
                var count = socket.Receive(target.AsSpan(read));
                if (count == 0)
                    return false;
                read += count;
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.TimedOut)
            {
                throw new TimeoutException();
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return false;
            }
        }
        return true;
    }
}
