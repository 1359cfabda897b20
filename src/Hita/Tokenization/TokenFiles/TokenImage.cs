using System.Text;
using Hita.Runtime;

namespace Hita.Tokenization.TokenFiles;

/// <summary>The codes of one image and what the image is called.</summary>
public sealed class TokenImage
{
    /// <summary>The largest number of rows or columns of a patch grid that a token file holds.</summary>
    public const int LargestGridSide = 4096;

    /// <summary>The largest number of holistic codes of an image that a token file holds.</summary>
    public const int MaxHolistic = 65536;

    /// <summary>The longest name, in bytes of UTF-8.</summary>
    public const int LongestName = ushort.MaxValue;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Puts a name to codes.</summary>
    /// <param name="codes">The codes.</param>
    /// <param name="name">A text of up to <see cref="LongestName"/> bytes of UTF-8; null or empty for none.</param>
    /// <exception cref="HitaException">The grid, the holistic part or the name is larger than a token file holds, or the name is not valid Unicode.</exception>
    public TokenImage(ImageCodes codes, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(codes);
        if ((SizeFault(codes.GridHeight, codes.GridWidth, codes.Holistic.Count) ?? NameFault(name)) is { } fault)
            throw new HitaException($"This image cannot be put into a token file: {fault}.");
        Codes = codes;
        Name = string.IsNullOrEmpty(name) ? null : name;
    }

    /// <summary>The codes.</summary>
    public ImageCodes Codes { get; }

    /// <summary>
    /// What the image is called, most often the name of the image it was made from; null where it is not known. It may come from a
    /// stranger's file and hold anything, <c>..</c> and slashes included: never use it as a path as it is.
    /// </summary>
    public string? Name { get; }

    internal static string? SizeFault(long gridHeight, long gridWidth, long holistic)
    {
        if (gridHeight is < 1 or > LargestGridSide || gridWidth is < 1 or > LargestGridSide)
            return $"its grid is {gridHeight} × {gridWidth} patches, and 1 to {LargestGridSide} a side are possible";
        return holistic is < 0 or > MaxHolistic
            ? $"it has {holistic} holistic codes, and at most {MaxHolistic} are possible"
            : null;
    }

    internal static string? NameFault(string? name)
    {
        if (name is null)
            return null;
        try
        {
            var bytes = StrictUtf8.GetByteCount(name);
            return bytes > LongestName ? $"its name has {bytes} bytes of UTF-8, and at most {LongestName} are possible" : null;
        }
        catch (EncoderFallbackException)
        {
            return "its name is not valid Unicode";
        }
    }
}
