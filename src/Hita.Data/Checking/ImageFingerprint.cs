using System.IO.Hashing;
using System.Numerics;
using Hita.Imaging;

namespace Hita.Data.Checking;

/// <summary>What an image is recognised by: its exact pixels, and its rough looks.</summary>
/// <param name="Exact">A hash of size and pixels.</param>
/// <param name="Across">For each of 8×8 neighbours in a row of a tiny grey version, which is brighter.</param>
/// <param name="Down">The same for neighbours in a column.</param>
internal readonly record struct ImageFingerprint(UInt128 Exact, ulong Across, ulong Down)
{
    private const int Side = 9;

    /// <summary>The prints of two images differ in at most this many of 128 places, where the images look alike.</summary>
    public const int MaxDifferent = 7;

    /// <summary>Whether there is anything to compare; an image of one colour looks like every other.</summary>
    public bool HasDetail => BitOperations.PopCount(Across) + BitOperations.PopCount(Down) is > 16 and < 112;

    /// <summary>The print of an image.</summary>
    public static ImageFingerprint Of(Image image)
    {
        var exact = XxHash128.HashToUInt128(image.Pixels, ((long)image.Width << 32) | (uint)image.Height);
        var tiny = image.Resize(Side, Side, ResamplingFilter.Box);
        Span<int> grey = stackalloc int[Side * Side];
        for (var i = 0; i < grey.Length; i++)
            grey[i] = (299 * tiny.Pixels[3 * i]) + (587 * tiny.Pixels[(3 * i) + 1]) + (114 * tiny.Pixels[(3 * i) + 2]);
        ulong across = 0, down = 0;
        for (var y = 0; y < Side - 1; y++)
        {
            for (var x = 0; x < Side - 1; x++)
            {
                var here = grey[(y * Side) + x];
                across = (across << 1) | (here < grey[(y * Side) + x + 1] ? 1UL : 0);
                down = (down << 1) | (here < grey[((y + 1) * Side) + x] ? 1UL : 0);
            }
        }
        return new(exact, across, down);
    }

    /// <summary>In how many of 128 places two prints differ.</summary>
    public int Distance(in ImageFingerprint other) =>
        BitOperations.PopCount(Across ^ other.Across) + BitOperations.PopCount(Down ^ other.Down);

    /// <summary>One of eight parts of the rough looks. Prints that differ in at most seven places agree in one of them.</summary>
    public ushort Part(int part) => (ushort)((part < 4 ? Across : Down) >> (16 * (part % 4)));
}
