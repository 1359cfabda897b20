using Hita.Runtime;

namespace Hita.Hub;

/// <summary>Where the hub is, where its files are kept, and who asks.</summary>
public sealed record HubSettings
{
    /// <summary>The public hub.</summary>
    public const string DefaultEndpoint = "https://huggingface.co";

    /// <summary>The hub's address. Default <see cref="DefaultEndpoint"/>.</summary>
    public Uri Endpoint { get; init; } = new(DefaultEndpoint);

    /// <summary>The folder of the cache, with a folder for each repository.</summary>
    public required string CacheFolder { get; init; }

    /// <summary>The access token; null for none. It is sent to the hub's own host alone.</summary>
    public string? Token { get; init; }

    /// <summary>Whether nothing is fetched, only found in the cache. Default false.</summary>
    public bool IsOffline { get; init; }

    /// <summary>Ranges of a file that are fetched at the same time, 1 to 32. Default 4.</summary>
    public int Connections { get; init; } = 4;

    /// <summary>Bytes of a range, at least 1 KiB. What is in flight when a process is killed is fetched again: at most this for each connection. Default 8 MiB.</summary>
    public int RangeBytes { get; init; } = 8 << 20;

    /// <summary>How long nothing may arrive before a connection is given up and opened anew. Default 30 s.</summary>
    public TimeSpan StallTime { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Failures in a row after which a download is given up; what arrived stays. Default 5.</summary>
    public int Attempts { get; init; } = 5;

    /// <summary>The wait after the first failure, which doubles with each. Default 1 s.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// The settings of the environment, by the variables that Python programs know: <c>HF_HUB_CACHE</c>, <c>HF_HOME</c>,
    /// <c>XDG_CACHE_HOME</c>, <c>HF_ENDPOINT</c>, <c>HF_TOKEN</c> (or the file that a login wrote), <c>HF_HUB_OFFLINE</c>.
    /// </summary>
    /// <exception cref="HitaException">A variable is impossible.</exception>
    public static HubSettings FromEnvironment() => From(Environment.GetEnvironmentVariable);

    /// <summary>As <see cref="FromEnvironment"/>, from other variables.</summary>
    /// <param name="variable">Gives the value of a variable, or null.</param>
    /// <exception cref="HitaException">A variable is impossible.</exception>
    public static HubSettings From(Func<string, string?> variable)
    {
        ArgumentNullException.ThrowIfNull(variable);
        var home = Value("HF_HOME") ?? Path.Combine(
            Value("XDG_CACHE_HOME") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"), "huggingface");
        var address = Value("HF_ENDPOINT") ?? DefaultEndpoint;
        if (!Uri.TryCreate(address.TrimEnd('/') + "/", UriKind.Absolute, out var endpoint) || endpoint.Scheme is not ("http" or "https"))
            throw new HitaException($"HF_ENDPOINT is '{PrintableText.Escape(address)}', which is no address; it looks like {DefaultEndpoint}.");
        return new HubSettings
        {
            Endpoint = endpoint,
            CacheFolder = Value("HF_HUB_CACHE") ?? Value("HUGGINGFACE_HUB_CACHE") ?? Path.Combine(home, "hub"),
            Token = Value("HF_TOKEN") ?? Value("HUGGING_FACE_HUB_TOKEN") ?? ReadToken(Value("HF_TOKEN_PATH") ?? Path.Combine(home, "token")),
            IsOffline = (Value("HF_HUB_OFFLINE") ?? "").ToUpperInvariant() is "1" or "ON" or "YES" or "TRUE",
        };

        string? Value(string name) => variable(name)?.Trim() is { Length: > 0 } value ? value : null;
    }

    private static string? ReadToken(string path)
    {
        try
        {
            return File.Exists(path) && File.ReadAllText(path).Trim() is { Length: > 0 } token ? token : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A login of somebody else's is none of ours.
            return null;
        }
    }
}
