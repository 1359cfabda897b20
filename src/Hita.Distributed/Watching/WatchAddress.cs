using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.Json;

namespace Hita.Distributed.Watching;

/// <summary>Where rank 0 can be reached by those who watch it, and the word by which it knows them.</summary>
/// <param name="Host">Its machine's name.</param>
/// <param name="Addresses">Its machine's addresses.</param>
/// <param name="Port">The port.</param>
/// <param name="Secret">A random word, in hexadecimal digits.</param>
internal sealed record WatchAddress(string Host, IReadOnlyList<string> Addresses, int Port, string Secret)
{
    /// <summary>Digits of a secret.</summary>
    public const int SecretLength = 32;

    /// <summary>The address of a listener of this process.</summary>
    public static WatchAddress Of(TcpListener listener, string host) => new(
        host,
        [.. Own().Select(static a => a.ToString())],
        ((IPEndPoint)listener.LocalEndpoint).Port,
        Convert.ToHexString(RandomNumberGenerator.GetBytes(SecretLength / 2)));

    /// <summary>The text that rank 0 gives to the others.</summary>
    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this);

    /// <summary>Reads it.</summary>
    public static WatchAddress Read(byte[] text) => JsonSerializer.Deserialize<WatchAddress>(text)!;

    /// <summary>Connects to it.</summary>
    /// <param name="host">This process's machine.</param>
    /// <param name="limit">How long to try one address.</param>
    /// <returns>Null where no address answers.</returns>
    public Socket? Connect(string host, TimeSpan limit)
    {
        IEnumerable<string> near = host == Host ? [IPAddress.Loopback.ToString(), IPAddress.IPv6Loopback.ToString()] : [];
        foreach (var text in near.Concat(Addresses))
        {
            if (!IPAddress.TryParse(text, out var address))
                continue;
            Socket? socket = null;
            try
            {
                socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                using var expired = new CancellationTokenSource(limit);
                socket.ConnectAsync(new IPEndPoint(address, Port), expired.Token).AsTask().GetAwaiter().GetResult();
                return socket;
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException)
            {
                socket?.Dispose();
            }
        }
        return null;
    }

    private static IEnumerable<IPAddress> Own() =>
        from network in NetworkInterface.GetAllNetworkInterfaces()
        where network.OperationalStatus == OperationalStatus.Up && network.NetworkInterfaceType != NetworkInterfaceType.Loopback
        from address in network.GetIPProperties().UnicastAddresses
        where !address.Address.IsIPv6LinkLocal
        select address.Address;
}
