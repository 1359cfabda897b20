namespace Hita.Generation.Sampling;

/// <summary>
/// The counter-based random numbers of one image (Philox 4×32 with ten rounds; Salmon et al., SC 2011): a function of seed,
/// image index and position without any state, so that neither batch size nor order changes a token's random number.
/// </summary>
public readonly struct Philox4x32
{
    private readonly ulong _seed;
    private readonly ulong _image;

    /// <summary>Chooses the sequence.</summary>
    /// <param name="seed">The request's seed.</param>
    /// <param name="imageIndex">Which image of the request, from 0.</param>
    public Philox4x32(ulong seed, ulong imageIndex) => (_seed, _image) = (seed, imageIndex);

    /// <summary>The number that decides one token.</summary>
    /// <param name="position">The token's index in its image, from 0.</param>
    /// <returns>A multiple of 2^-53 in [0, 1).</returns>
    public double Uniform(int position)
    {
        var (first, second, _, _) = Block(
            ((uint)position, 0, (uint)_image, (uint)(_image >> 32)), ((uint)_seed, (uint)(_seed >> 32)));
        return ((((ulong)first << 32) | second) >> 11) * (1.0 / (1UL << 53));
    }

    /// <summary>Ten rounds over one counter.</summary>
    internal static (uint, uint, uint, uint) Block((uint, uint, uint, uint) counter, (uint, uint) key)
    {
        var (c0, c1, c2, c3) = counter;
        var (k0, k1) = key;
        for (var round = 0; round < 10; round++)
        {
            var left = 0xD2511F53UL * c0;
            var right = 0xCD9E8D57UL * c2;
            (c0, c1, c2, c3) = ((uint)(right >> 32) ^ c1 ^ k0, (uint)right, (uint)(left >> 32) ^ c3 ^ k1, (uint)left);
            k0 += 0x9E3779B9;
            k1 += 0xBB67AE85;
        }
        return (c0, c1, c2, c3);
    }
}
