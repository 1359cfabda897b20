using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Hita.Hub;

/// <summary>Computes the hash by which the hub knows a content, as its bytes come: SHA-256, or for small files the one of git.</summary>
internal sealed class BlobHash : IDisposable
{
    private const int Sha256Digits = 64;

    private readonly HubFile _file;
    private readonly IncrementalHash _hash;

    /// <summary>Begins.</summary>
    public BlobHash(HubFile file)
    {
        _file = file;
        if (file.Hash.Length == Sha256Digits)
        {
            _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            return;
        }
        // What git calls its files by; it protects from accidents alone.
#pragma warning disable CA5350
        _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
#pragma warning restore CA5350
        _hash.AppendData(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"blob {file.Size}\0")));
    }

    /// <summary>Adds what a file holds, from its start to its end, and leaves its position there.</summary>
    public async Task AddAsync(FileStream stream, CancellationToken cancellation)
    {
        stream.Position = 0;
        var buffer = new byte[1 << 20];
        for (int length; (length = await stream.ReadAsync(buffer, cancellation).ConfigureAwait(false)) > 0;)
            _hash.AppendData(buffer, 0, length);
    }

    /// <summary>Adds bytes.</summary>
    public void Add(ReadOnlySpan<byte> bytes) => _hash.AppendData(bytes);

    /// <summary>Whether the whole has the hash that the hub names.</summary>
    public bool IsRight() => Convert.ToHexStringLower(_hash.GetHashAndReset()) == _file.Hash;

    /// <inheritdoc/>
    public void Dispose() => _hash.Dispose();
}
