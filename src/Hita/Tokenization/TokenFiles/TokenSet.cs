using Hita.Runtime;

namespace Hita.Tokenization.TokenFiles;

/// <summary>The codes of several images that one tokenizer made: what a token file holds.</summary>
public sealed class TokenSet
{
    /// <summary>The largest codebook that a token file can speak of.</summary>
    public const int LargestCodebook = 1 << 20;

    /// <summary>Gathers images.</summary>
    /// <param name="codebookSize">Entries V of the tokenizer's codebooks, 2 … <see cref="LargestCodebook"/>.</param>
    /// <param name="images">At least one image. Their grids and their numbers of holistic codes may differ.</param>
    /// <param name="modelHash">The tokenizer's <see cref="ImageTokenizer.ModelHash"/>, 32 hexadecimal digits; empty where unknown.</param>
    /// <exception cref="ArgumentException">The codebook size is out of range, there is no image, or the hash is not one.</exception>
    /// <exception cref="HitaException">A code lies outside the codebook.</exception>
    public TokenSet(int codebookSize, IReadOnlyList<TokenImage> images, string modelHash = "")
        : this(codebookSize, modelHash, [.. images ?? throw new ArgumentNullException(nameof(images))])
    {
        if (Images.Count == 0)
            throw new ArgumentException("A token set needs at least one image.", nameof(images));
        for (var i = 0; i < Images.Count; i++)
        {
            if (CodeFault(Images[i].Codes, codebookSize) is { } fault)
                throw new HitaException($"These codes cannot be one set: {Describe(i, Images[i].Name)} {fault}.");
        }
    }

    private TokenSet(int codebookSize, string modelHash, IReadOnlyList<TokenImage> images)
    {
        ArgumentNullException.ThrowIfNull(modelHash);
        if (codebookSize is < 2 or > LargestCodebook)
            throw new ArgumentOutOfRangeException(nameof(codebookSize), codebookSize, $"2 to {LargestCodebook} entries are possible.");
        if (!IsHash(modelHash))
            throw new ArgumentException("A model hash has 32 hexadecimal digits, or none where the model is not known.", nameof(modelHash));
        CodebookSize = codebookSize;
        Images = images;
        // Zeros are how a .hita file says that the model is not known.
        ModelHash = modelHash.All(static c => c == '0') ? "" : modelHash.ToLowerInvariant();
    }

    /// <summary>Entries V of the tokenizer's codebooks; every code is below it.</summary>
    public int CodebookSize { get; }

    /// <summary>32 lower-case hexadecimal digits that identify the tokenizer's weights; empty where they are not known.</summary>
    public string ModelHash { get; }

    /// <summary>
    /// The images, at least one. In a set that was read from a file each access makes the object anew over the file's own bytes,
    /// so that a file takes little more memory than its size.
    /// </summary>
    public IReadOnlyList<TokenImage> Images { get; }

    /// <summary>A set over images that a reader has checked already.</summary>
    internal static TokenSet OfChecked(int codebookSize, IReadOnlyList<TokenImage> images, string modelHash) =>
        new(codebookSize, modelHash, images);

    internal static bool IsHash(string text) => text.Length == 0 || (text.Length == 32 && text.All(char.IsAsciiHexDigit));

    /// <summary>How messages call the image at an index.</summary>
    internal static string Describe(int index, string? name) =>
        name is null ? $"image {index + 1}" : $"image {index + 1} ('{Hita.Runtime.MessageText.Short(name)}')";

    internal static string? CodeFault(ImageCodes codes, int codebookSize) =>
        (FirstOutside(codes.Holistic, codebookSize) ?? FirstOutside(codes.Patches, codebookSize)) is { } code
            ? $"has the code {code}, which is not in a codebook of {codebookSize} entries"
            : null;

    private static int? FirstOutside(IReadOnlyList<int> codes, int codebookSize)
    {
        for (var i = 0; i < codes.Count; i++)
        {
            if ((uint)codes[i] >= (uint)codebookSize)
                return codes[i];
        }
        return null;
    }
}
