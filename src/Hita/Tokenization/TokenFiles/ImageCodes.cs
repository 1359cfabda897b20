using Hita.Checkpoints;
using Hita.Runtime;

namespace Hita.Tokenization;

/// <summary>What the codes of an image mean: which model they belong to, and how they are laid out.</summary>
/// <param name="GridHeight">Patch codes along the height, 1 to 65535.</param>
/// <param name="GridWidth">Patch codes along the width, 1 to 65535.</param>
/// <param name="HolisticCount">Holistic codes M; 0 in the vanilla family.</param>
/// <param name="CodebookSize">Entries V of each codebook; codes are 0 to V − 1.</param>
/// <param name="ModelHash">The tokenizer that made the codes; null where it is unknown.</param>
public sealed record CodeLayout(int GridHeight, int GridWidth, int HolisticCount, int CodebookSize, ContentHash? ModelHash)
{
    /// <summary>The most codes an image may have.</summary>
    public const int MostCodes = 1 << 24;

    /// <summary>The largest codebook.</summary>
    public const int LargestCodebook = 1 << 24;

    /// <summary>Patch codes N of an image.</summary>
    public int PatchCount => GridHeight * GridWidth;

    /// <summary>All codes of an image, M + N.</summary>
    public int CodeCount => HolisticCount + PatchCount;

    /// <summary>Bits that hold any code: 14 for a codebook of 16384.</summary>
    public int BitsPerCode => Math.Max(1, 32 - System.Numerics.BitOperations.LeadingZeroCount((uint)(CodebookSize - 1)));

    /// <summary>What is wrong with the numbers, as a clause; null where they are possible.</summary>
    internal string? Fault() => this switch
    {
        { GridHeight: < 1 or > 65535 } or { GridWidth: < 1 or > 65535 } => $"a grid of {GridHeight} × {GridWidth} codes is not possible",
        { CodebookSize: < 2 or > LargestCodebook } => $"a codebook of {CodebookSize} entries is not possible",
        { HolisticCount: < 0 or > MostCodes } => $"{HolisticCount} holistic codes are not possible",
        _ when ((long)GridHeight * GridWidth) + HolisticCount > MostCodes => $"{HolisticCount} holistic codes and a grid of {GridHeight} × {GridWidth} are more than {MostCodes} codes",
        _ => null,
    };
}

/// <summary>The codes of one image. It is equal to another with the same codes and layout.</summary>
public sealed record ImageCodes
{
    /// <summary>Holistic codes, each 0 to <see cref="CodebookSize"/> − 1; empty in the vanilla family.</summary>
    public required int[] Holistic { get; init; }

    /// <summary>Patch codes in raster order, each 0 to <see cref="CodebookSize"/> − 1.</summary>
    public required int[] Patches { get; init; }

    /// <summary>Patch codes along the height.</summary>
    public required int GridHeight { get; init; }

    /// <summary>Patch codes along the width.</summary>
    public required int GridWidth { get; init; }

    /// <summary>Entries V of each codebook.</summary>
    public required int CodebookSize { get; init; }

    /// <summary>The tokenizer that made the codes; null where it is unknown.</summary>
    public ContentHash? ModelHash { get; init; }

    /// <summary>The picture's plain name, without folders; null where it has none.</summary>
    public string? Name { get; init; }

    /// <summary>How the codes are laid out.</summary>
    public CodeLayout Layout => new(GridHeight, GridWidth, Holistic.Length, CodebookSize, ModelHash);

    /// <summary>Checks the grid, the number of codes and the range of every code.</summary>
    /// <returns>The codes themselves.</returns>
    /// <exception cref="ConfigException">Lists all faults.</exception>
    public ImageCodes Validate()
    {
        var faults = new List<string>();
        if (Layout.Fault() is { } fault)
            faults.Add(fault);
        else if (Patches.Length != (long)GridHeight * GridWidth)
            faults.Add($"{Patches.Length} patch codes do not fill a grid of {GridHeight} × {GridWidth}");
        foreach (var (codes, kind) in new[] { (Holistic, "holistic"), (Patches, "patch") })
        {
            var wrong = Array.FindIndex(codes, c => c < 0 || c >= CodebookSize);
            if (wrong >= 0)
                faults.Add($"{kind} code {wrong} is {codes[wrong]}, beyond a codebook of {CodebookSize}");
        }
        return faults.Count == 0 ? this : throw new ConfigException("The codes of an image", faults);
    }

    /// <inheritdoc/>
    public bool Equals(ImageCodes? other) =>
        other is not null && Layout == other.Layout && Name == other.Name && Holistic.AsSpan().SequenceEqual(other.Holistic) && Patches.AsSpan().SequenceEqual(other.Patches);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Layout, Name, Patches.Length == 0 ? 0 : Patches[0]);
}
