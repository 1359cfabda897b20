using Hita.Data;
using Hita.Runtime;

namespace Hita.Training.TokenCaches;

/// <summary>What the <c>cache.json</c> of a token cache says.</summary>
public sealed record TokenCacheInfo
{
    /// <summary>The file's name.</summary>
    public const string FileName = "cache.json";

    /// <summary>The value of <see cref="Format"/> in every token cache.</summary>
    public const string FormatName = "hita-token-cache";

    /// <summary>Marks the folder as a token cache.</summary>
    public string Format { get; init; } = FormatName;

    /// <summary>The version of the layout: 1.</summary>
    public int Version { get; init; } = 1;

    /// <summary>The tokenizer's hash.</summary>
    public required string ModelHash { get; init; }

    /// <summary>The type of the weights that encoded; null, as in caches of earlier versions, for float32.</summary>
    public Precision? EncoderPrecision { get; init; }

    /// <summary>Entries of each codebook.</summary>
    public required int CodebookSize { get; init; }

    /// <summary>Holistic codes of an image; 0 in the vanilla family.</summary>
    public required int HolisticTokenCount { get; init; }

    /// <summary>Rows of the patch grid.</summary>
    public required int GridHeight { get; init; }

    /// <summary>Columns of the patch grid.</summary>
    public required int GridWidth { get; init; }

    /// <summary>Variants of each image, 1 or more.</summary>
    public required int Variants { get; init; }

    /// <summary>Side of the images that were encoded, in pixels.</summary>
    public required int ImageSize { get; init; }

    /// <summary>Which squares the variants are.</summary>
    public required CropMethod Crop { get; init; }

    /// <summary>Whether a centre square comes with its mirror image.</summary>
    public required bool Flip { get; init; }

    /// <summary>For the ten crops: the sides of the larger squares as multiples of the image's.</summary>
    public required IReadOnlyList<double> TenCropScales { get; init; }

    /// <summary>What was encoded, as its source describes itself.</summary>
    public required string Source { get; init; }

    /// <summary>Images of the source.</summary>
    public required int Images { get; init; }

    /// <summary>The classes' names; empty for a source without classes.</summary>
    public required IReadOnlyList<string> ClassNames { get; init; }

    /// <summary>Images done, from the first on. What the files hold beyond them is not yet whole.</summary>
    public int Done { get; init; }

    /// <summary>Bytes of a code: 2, or 4 where a codebook has more than 65,536 entries.</summary>
    internal int CodeBytes => CodebookSize <= 1 << 16 ? 2 : 4;

    /// <summary>Codes of an image, holistic ones first.</summary>
    internal int CodesPerImage => HolisticTokenCount + (GridHeight * GridWidth);

    /// <summary>Bytes of all variants of an image.</summary>
    internal long ImageBytes => (long)Variants * CodesPerImage * CodeBytes;

    /// <summary>Reads and checks the file.</summary>
    /// <exception cref="CheckpointException">It is missing or not as it must be.</exception>
    internal static TokenCacheInfo Read(string folder)
    {
        var path = Path.Combine(folder, FileName);
        string text;
        try
        {
            text = File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(folder, $"this is no token cache: {FileName} cannot be read; 'hita tokenize' makes one.", e);
        }
        var info = ConfigJson.Read<TokenCacheInfo>(text, path);
        if (info.Format != FormatName || info.Version != 1)
            throw new CheckpointException(path, $"this is a '{info.Format}' of version {info.Version}, and '{FormatName}' of version 1 is needed; make the cache again with 'hita tokenize' into another folder.");
        var possible = info.CodebookSize is > 1 and <= 1 << 20 && info.HolisticTokenCount is >= 0 and <= 65536 && info.GridHeight is > 0 and <= 4096 &&
            info.GridWidth is > 0 and <= 4096 && info.Variants is > 0 and <= 1000 && info.ImageSize is > 0 and <= 65536 && info.Images > 0 && info.Done >= 0 && info.Done <= info.Images;
        if (info.ClassNames.Any(static n => n is null))
            throw new CheckpointException(path, "a class in this file has no name.");
        return possible ? info : throw new CheckpointException(path, "a number in this file is out of its range.");
    }

    /// <summary>The same contents, however far they are.</summary>
    internal bool IsSameCache(TokenCacheInfo other) => ConfigJson.Write(this with { Done = 0 }) == ConfigJson.Write(other with { Done = 0 });
}
