using System.Security.Cryptography;
using System.Text;
using Hita.Runtime;

namespace Hita.Server.Settings;

/// <summary>The keys that a server accepts. Only their hashes are kept in memory.</summary>
public sealed class ApiKeys
{
    private const int MinLength = 16;
    private const long LargestFile = 1 << 20;

    private readonly byte[][] _hashes;

    private ApiKeys(byte[][] hashes) => _hashes = hashes;

    /// <summary>No keys: none is asked for.</summary>
    public static ApiKeys None { get; } = new([]);

    /// <summary>Whether a key is asked for.</summary>
    public bool AreRequired => _hashes.Length > 0;

    /// <summary>Keys from texts.</summary>
    /// <param name="keys">The keys, of 16 visible ASCII characters at least.</param>
    /// <exception cref="HitaException">A key is too short or has other characters.</exception>
    public static ApiKeys Of(params IEnumerable<string> keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        return new([.. keys.Select(static (key, i) => Fault(key) is { } fault ? throw new HitaException($"API key {i + 1} {fault}") : Hash(key))]);
    }

    /// <summary>Keys from a file: a key a line; empty lines and lines that begin with # do not count.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="CheckpointException">The file cannot be read, holds no key, or one that is too short.</exception>
    public static ApiKeys Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string[] lines;
        try
        {
            if (new FileInfo(path) is { Exists: true, Length: > LargestFile })
                throw new CheckpointException(path, "the file is over 1 MiB, which is too large for a list of API keys.");
            lines = File.ReadAllLines(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(path, "the file of API keys cannot be read; check its name and its permissions.", e);
        }
        var hashes = new List<byte[]>();
        for (var i = 0; i < lines.Length; i++)
        {
            var key = lines[i].Trim();
            if (key.Length == 0 || key[0] == '#')
                continue;
            if (Fault(key) is { } fault)
                throw new CheckpointException(path, $"the API key in line {i + 1} {fault}");
            hashes.Add(Hash(key));
        }
        return hashes.Count > 0
            ? new ApiKeys([.. hashes])
            : throw new CheckpointException(path, "the file holds no API key; write one a line, of 16 characters at least.");
    }

    /// <summary>Whether a key is one of these. How long it takes does not tell how much of a key is right.</summary>
    /// <param name="key">The key that was given; null for none.</param>
    public bool Accept(string? key)
    {
        var given = Hash(key ?? "");
        var found = false;
        // All of them are compared, so that the time does not tell which one matched either.
        foreach (var hash in _hashes)
            found |= CryptographicOperations.FixedTimeEquals(hash, given);
        return found && key is not null;
    }

    private static byte[] Hash(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));

    private static string? Fault(string key)
    {
        if (key.Length < MinLength)
            return $"has {key.Length} characters, and {MinLength} at least are needed; 'openssl rand -hex 32' makes a good one.";
        return key.AsSpan().ContainsAnyExceptInRange('!', '~') ? "has a character that cannot stand in a header; use letters, digits and signs of ASCII." : null;
    }
}
