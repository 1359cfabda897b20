using System.Security.Cryptography;
using Hita.Studio.Settings;

namespace Hita.Studio.Sessions;

/// <summary>A visitor's browser, known by a cookie: what it has made, and that it has shown a key where one is asked for.</summary>
/// <param name="options">How much is kept.</param>
public sealed class StudioSession(StudioOptions options)
{
    /// <summary>The cookie's value, unguessable.</summary>
    public string Id { get; } = RandomNumberGenerator.GetHexString(48, lowercase: true);

    /// <summary>The visitor's images.</summary>
    public Gallery Gallery { get; } = new(options);

    /// <summary>When it was last used.</summary>
    internal DateTimeOffset LastUsed { get; set; }

    /// <summary>Pages that are open in it; one with an open page is not forgotten.</summary>
    internal int OpenPages;
}
