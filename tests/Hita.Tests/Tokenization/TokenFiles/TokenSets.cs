using System.Buffers.Binary;
using System.IO.Hashing;
using Hita.Tokenization;
using Hita.Tokenization.TokenFiles;

namespace Hita.Tests.Tokenization.TokenFiles;

/// <summary>Token sets and token files for tests.</summary>
internal static class TokenSets
{
    public const string Hash = "000102030405060708090a0b0c0d0e0f";

    /// <summary>A file with two images, written by another program from the description alone.</summary>
    public const string Golden =
        "89484954410d0a1a" + "0100" + "04" + "00" + "0a000000" + Hash + "02000000"
        + "0100" + "0200" + "03000000" + "0200" + "c3a9" + "092103"
        + "0100" + "0100" + "00000000" + "0000" + "07"
        + "21312b0a";

    /// <summary>What <see cref="Golden"/> holds.</summary>
    public static TokenSet GoldenSet { get; } =
        new(10, [new(new([9, 0, 1], [2, 3], 1, 2), "é"), new(new([], [7], 1, 1))], Hash);

    /// <summary>Codes sampled evenly; the first and the last code of the codebook are always among them.</summary>
    public static ImageCodes Codes(int codebook, int holistic, int rows, int columns, int seed)
    {
        var random = new Random(seed);
        int[] Sample(int count) => [.. Enumerable.Range(0, count).Select(i => i == 0 ? codebook - 1 : i == 1 ? 0 : random.Next(codebook))];
        return new ImageCodes(Sample(holistic), Sample(rows * columns), rows, columns);
    }

    public static TokenSet Uniform(int codebook, int count, int holistic, int rows, int columns, string hash = Hash) =>
        new(codebook, [.. Enumerable.Range(0, count).Select(i => new TokenImage(Codes(codebook, holistic, rows, columns, i), $"image {i}.png"))], hash);

    public static void AssertEqual(TokenSet expected, TokenSet actual)
    {
        Assert.Equal(expected.CodebookSize, actual.CodebookSize);
        Assert.Equal(expected.ModelHash, actual.ModelHash);
        Assert.Equal(expected.Images.Count, actual.Images.Count);
        foreach (var (a, b) in expected.Images.Zip(actual.Images))
        {
            Assert.Equal(a.Name, b.Name);
            Assert.Equal((a.Codes.GridHeight, a.Codes.GridWidth), (b.Codes.GridHeight, b.Codes.GridWidth));
            Assert.Equal(a.Codes.Holistic, b.Codes.Holistic);
            Assert.Equal(a.Codes.Patches, b.Codes.Patches);
        }
    }

    /// <summary>Makes the checksum fit whatever stands before it.</summary>
    public static byte[] Sealed(byte[] file)
    {
        if (file.Length >= 4)
            BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(file.Length - 4), Crc32.HashToUInt32(file.AsSpan(0, file.Length - 4)));
        return file;
    }
}
