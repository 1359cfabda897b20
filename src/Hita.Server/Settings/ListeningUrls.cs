using System.Net;
using Hita.Runtime;
using Microsoft.AspNetCore.Http;

namespace Hita.Server.Settings;

/// <summary>The addresses that a server listens on, checked before it starts.</summary>
public sealed class ListeningUrls
{
    /// <summary>Where the server listens unless told otherwise.</summary>
    public const string Default = "http://127.0.0.1:7336";

    private ListeningUrls(IReadOnlyList<string> all, bool isLoopback) => (All, IsLoopback) = (all, isLoopback);

    /// <summary>The addresses, as Kestrel takes them.</summary>
    public IReadOnlyList<string> All { get; }

    /// <summary>Whether this machine alone can reach all of them.</summary>
    public bool IsLoopback { get; }

    /// <summary>Reads addresses.</summary>
    /// <param name="text">One or several, separated by semicolons: <c>http://127.0.0.1:7336</c>.</param>
    /// <exception cref="HitaException">One is no address, or of another kind than http.</exception>
    public static ListeningUrls Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var urls = text.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (urls.Length == 0)
            throw new HitaException($"--urls names no address; {Default} is one.");
        var loopback = true;
        foreach (var url in urls)
            loopback &= IsOnLoopback(Read(url));
        return new ListeningUrls(urls, loopback);
    }

    private static BindingAddress Read(string url)
    {
        BindingAddress address;
        try
        {
            address = BindingAddress.Parse(url);
        }
        catch (FormatException e)
        {
            throw new HitaException($"'{PrintableText.Escape(url)}' is no address to listen on; one looks like {Default}.", e);
        }
        if (!address.Scheme.Equals("http", StringComparison.OrdinalIgnoreCase) || address.IsUnixPipe || address.IsNamedPipe)
            throw new HitaException($"'{PrintableText.Escape(url)}' cannot be listened on: only http:// addresses are possible; for https put a reverse proxy in front.");
        return address.PathBase.Length == 0
            ? address
            : throw new HitaException($"'{PrintableText.Escape(url)}' has a path, and an address to listen on has none; one looks like {Default}.");
    }

    private static bool IsOnLoopback(BindingAddress address) =>
        address.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase) ||
        (IPAddress.TryParse(address.Host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip));
}
