using Hita.Distributed.Launching;
using Hita.Distributed.Mpi;

namespace Hita.Tests.Distributed;

public sealed class RankIdentityTests
{
    [Fact]
    public void A_rank_is_read_as_it_was_written()
    {
        var own = RankIdentity.OfThisProcess();
        var bytes = new byte[RankIdentity.Length];
        own.Write(bytes);
        var read = RankIdentity.Read(bytes);
        Assert.Equal(own.Build, read.Build);
        Assert.Equal((own.Version, own.Host, own.ProcessId), (read.Version, read.Host, read.ProcessId));
        Assert.Contains(own.Build, static b => b != 0);
    }

    [Fact]
    public void Names_that_are_too_long_are_cut_between_characters()
    {
        var bytes = new byte[RankIdentity.Length];
        new RankIdentity(new byte[16], new string('é', 200), new string('x', 200), 7).Write(bytes);
        var read = RankIdentity.Read(bytes);
        Assert.Equal((new string('é', 32), new string('x', 96), 7), (read.Version, read.Host, read.ProcessId));
    }

    [Theory]
    [InlineData(1f, 2f, 3f)]
    [InlineData(256f, 1f, 256f)] // A tie, to even.
    [InlineData(258f, 1f, 260f)] // A tie, to even, upwards.
    [InlineData(float.MaxValue, float.MaxValue, float.PositiveInfinity)]
    [InlineData(float.PositiveInfinity, float.NegativeInfinity, float.NaN)]
    public void Sums_of_bfloat16_are_rounded_to_nearest(float a, float b, float sum) =>
        Assert.Equal(sum, Wide(BFloat16Reduction.Plus(Narrow(a), Narrow(b))));

    [Fact]
    public void Rows_of_bfloat16_are_added_in_float32_and_rounded_once()
    {
        var random = new Random(5);
        // More than whole vectors of any processor.
        var values = Enumerable.Range(0, 3).Select(_ => Enumerable.Range(0, 77).Select(_ => Narrow((float)(random.NextDouble() - 0.5))).ToArray()).ToArray();
        (values[0][3], values[0][76]) = (Narrow(float.NaN), Narrow(float.PositiveInfinity));
        var sums = new float[77];
        foreach (var row in values)
            BFloat16Rows.Add(sums, row);
        var rounded = new ushort[77];
        BFloat16Rows.Round(sums, rounded);
        for (var i = 0; i < 77; i++)
        {
            var sum = Wide(values[0][i]) + Wide(values[1][i]) + Wide(values[2][i]);
            Assert.Equal(sum, sums[i]);
            Assert.Equal(float.IsFinite(sum) ? Wide(BFloat16Reduction.Narrow(sum)) : sum, Wide(rounded[i]));
            Assert.True(!float.IsFinite(sum) || Math.Abs(Wide(rounded[i]) - sum) <= Math.Abs(sum) / 256);
        }
    }

    private static ushort Narrow(float value) => (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16);

    private static float Wide(ushort value) => BitConverter.UInt32BitsToSingle((uint)value << 16);
}
