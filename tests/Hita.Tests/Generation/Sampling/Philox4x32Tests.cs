using Hita.Generation.Sampling;

namespace Hita.Tests.Generation.Sampling;

public sealed class Philox4x32Tests
{
    // The known answers of the Random123 distribution for philox4x32-10.
    [Fact]
    public void Ten_rounds_give_the_published_answers()
    {
        Assert.Equal((0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u), Philox4x32.Block((0, 0, 0, 0), (0, 0)));
        Assert.Equal(
            (0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu),
            Philox4x32.Block((~0u, ~0u, ~0u, ~0u), (~0u, ~0u)));
        Assert.Equal(
            (0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u),
            Philox4x32.Block((0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344), (0xa4093822, 0x299f31d0)));
    }

    [Fact]
    public void A_number_depends_on_seed_image_and_position_alone()
    {
        var seen = new HashSet<double>();
        foreach (var seed in (ulong[])[0, 1, 1UL << 32, ulong.MaxValue])
        {
            foreach (var image in (ulong[])[0, 1, 1UL << 32])
            {
                var numbers = new Philox4x32(seed, image);
                for (var position = 0; position < 569; position++)
                {
                    var value = numbers.Uniform(position);
                    Assert.InRange(value, 0, 1 - double.Epsilon);
                    Assert.Equal(value, new Philox4x32(seed, image).Uniform(position));
                    seen.Add(value);
                }
            }
        }
        Assert.Equal(4 * 3 * 569, seen.Count);
    }

    [Fact]
    public void The_numbers_fill_the_unit_interval_evenly()
    {
        var counts = new int[256];
        for (var image = 0; image < 400; image++)
        {
            var numbers = new Philox4x32(7, (ulong)image);
            for (var position = 0; position < 569; position++)
                counts[(int)(numbers.Uniform(position) * counts.Length)]++;
        }
        var expected = 400 * 569 / 256.0;
        var chiSquare = counts.Sum(c => (c - expected) * (c - expected) / expected);
        Assert.InRange(chiSquare, 255 - (4.5 * Math.Sqrt(510)), 255 + (4.5 * Math.Sqrt(510)));
    }
}
