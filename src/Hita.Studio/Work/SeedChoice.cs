using System.Globalization;
using System.Security.Cryptography;
using Hita.Runtime;

namespace Hita.Studio.Work;

/// <summary>The seed, as a page's controls show it.</summary>
public sealed class SeedChoice
{
    private const ulong Bound = 1_000_000_000;

    /// <summary>What stands in the field.</summary>
    public string Text { get; set; } = "";

    /// <summary>Whether each start takes a new one. Default true.</summary>
    public bool IsNewEachTime { get; set; } = true;

    /// <summary>What is wrong with the text; null where nothing is.</summary>
    public string? Fault => Text.Length == 0 || ulong.TryParse(Text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out _)
        ? null
        : $"A whole number from 0 to {ulong.MaxValue}";

    /// <summary>Puts a new one into the field.</summary>
    public void Roll()
    {
        Span<byte> bytes = stackalloc byte[8];
        RandomNumberGenerator.Fill(bytes);
        Set(BitConverter.ToUInt64(bytes) % Bound);
    }

    /// <summary>Puts a seed into the field.</summary>
    /// <param name="seed">The seed.</param>
    public void Set(ulong seed) => Text = seed.ToString(CultureInfo.InvariantCulture);

    /// <summary>The seed to start with.</summary>
    /// <exception cref="HitaException">The field holds none.</exception>
    public ulong Next()
    {
        if (IsNewEachTime || Text.Trim().Length == 0)
            Roll();
        return Fault is { } fault ? throw new HitaException($"The seed cannot be used: {fault.ToLowerInvariant()} is needed.") : ulong.Parse(Text.Trim(), CultureInfo.InvariantCulture);
    }
}
