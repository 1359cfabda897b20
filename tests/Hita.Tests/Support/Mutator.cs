using System.Buffers.Binary;

namespace Hita.Tests.Support;

/// <summary>Damages files in the ways that transfers, disks and attackers do; the same seed does the same damage.</summary>
internal static class Mutator
{
    /// <summary>A damaged copy.</summary>
    /// <param name="file">The whole file, at least 8 bytes.</param>
    /// <param name="seed">Chooses the kind and the place of the damage.</param>
    public static byte[] Mutate(ReadOnlySpan<byte> file, int seed)
    {
        var random = new Random(seed);
        var mutant = file.ToArray();
        // Headers are where damage does most: half of the time it is kept to them.
        var reach = random.Next(2) == 0 ? Math.Min(mutant.Length, 128) : mutant.Length;
        switch (seed % 6)
        {
            case 0:
                for (var i = random.Next(1, 9); i > 0; i--)
                    mutant[random.Next(reach)] ^= (byte)(1 << random.Next(8));
                break;
            case 1:
                mutant = mutant[..random.Next(mutant.Length)];
                break;
            case 2:
                // A length field, of either byte order, made huge.
                var width = 1 << random.Next(1, 3);
                mutant.AsSpan(random.Next(reach - width), width).Fill((byte)(random.Next(2) == 0 ? 0xFF : 0x7F));
                break;
            case 3:
                BinaryPrimitives.WriteInt32BigEndian(mutant.AsSpan(random.Next(reach - 4)), random.Next());
                break;
            case 4:
                var start = random.Next(mutant.Length);
                mutant.AsSpan(start, random.Next(mutant.Length - start)).Fill((byte)random.Next(256));
                break;
            default:
                var (from, to) = (random.Next(mutant.Length), random.Next(mutant.Length));
                mutant.AsSpan(from, random.Next(Math.Min(mutant.Length - from, mutant.Length - to))).CopyTo(mutant.AsSpan(to));
                break;
        }
        return mutant;
    }
}
