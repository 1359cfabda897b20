using Hita.Metrics;
using Hita.Runtime;
using Hita.Tests.Support;

namespace Hita.Tests.Metrics;

public sealed class PrecisionRecallTests
{
    private const int Width = 6;

    [Theory]
    [InlineData(1, 2048)]
    [InlineData(3, 2048)]
    [InlineData(3, 37)]
    [InlineData(3, 2)]
    public void Both_equal_those_of_all_distances_at_once_whatever_the_blocks(int neighbours, int blockSize)
    {
        var (reference, samples) = (Samples.Normal(150 * Width, 1), Samples.Normal(110 * Width, 2, mean: 0.4, deviation: 0.8));
        var expected = AtOnce(reference, samples, neighbours);
        Assert.InRange(expected.Precision, 0.3, 0.95);
        Assert.InRange(expected.Recall, 0.1, 0.95);

        var result = PrecisionRecall.Compute(Bank(reference), Bank(samples), new() { Neighbours = neighbours, BlockSize = blockSize });

        Assert.Equal(expected, (result.Precision, result.Recall));
        Assert.Equal(DistancePrecision.Float32, result.Distances);
    }

    [Fact]
    public void The_published_mode_rounds_to_half_precision_and_stays_near()
    {
        // Far from the origin, so that the rounding of the squared lengths shows.
        var (reference, samples) = (Samples.Normal(600 * Width, 1, mean: 4), Samples.Normal(600 * Width, 2, mean: 4.4, deviation: 0.8));
        var exact = PrecisionRecall.Compute(Bank(reference), Bank(samples));
        var rounded = PrecisionRecall.Compute(Bank(reference), Bank(samples), new() { Distances = DistancePrecision.Published });
        Assert.Equal(DistancePrecision.Published, rounded.Distances);
        Assert.InRange(rounded.Precision, exact.Precision - 0.05, exact.Precision + 0.05);
        Assert.InRange(rounded.Recall, exact.Recall - 0.05, exact.Recall + 0.05);
        Assert.NotEqual((exact.Precision, exact.Recall), (rounded.Precision, rounded.Recall));
    }

    [Fact]
    public void The_published_mode_falls_back_where_half_precision_is_exceeded()
    {
        // Squared lengths beyond 65,504.
        var (reference, samples) = (Samples.Normal(50 * Width, 1, mean: 300), Samples.Normal(50 * Width, 2, mean: 300));
        var result = PrecisionRecall.Compute(Bank(reference), Bank(samples), new() { Distances = DistancePrecision.Published });
        Assert.Equal(PrecisionRecall.Compute(Bank(reference), Bank(samples)), result);
    }

    [Fact]
    public void A_set_covers_itself()
    {
        var bank = Bank(Samples.Normal(100 * Width, 3));
        var result = PrecisionRecall.Compute(bank, bank);
        Assert.Equal((1.0, 1.0), (result.Precision, result.Recall));
    }

    [Fact]
    public void Sets_that_are_too_small_or_do_not_fit_are_refused()
    {
        var bank = Bank(Samples.Normal(10 * Width, 3));
        Assert.Contains("more than 3 sample vectors", Assert.Throws<HitaException>(() => PrecisionRecall.Compute(bank, Bank(new float[3 * Width]))).Message, StringComparison.Ordinal);
        Assert.Throws<HitaException>(() => PrecisionRecall.Compute(bank, new FeatureBank(Width + 1)));
        Assert.Throws<HitaException>(() => PrecisionRecall.Compute(bank, bank, new() { Device = "tpu" }));
    }

    [Fact]
    public void Progress_ends_at_one_and_a_cancelled_computation_stops()
    {
        var bank = Bank(Samples.Normal(50 * Width, 3));
        var shares = new List<double>();
        PrecisionRecall.Compute(bank, bank, new() { BlockSize = 16 }, new Shares(shares));
        Assert.Equal(shares.Order(), shares);
        Assert.Equal(1, shares[^1], 1e-9);
        Assert.Throws<OperationCanceledException>(() => PrecisionRecall.Compute(bank, bank, cancellation: new CancellationToken(canceled: true)));
    }

    [Fact]
    public void A_bank_keeps_vectors_in_order_and_can_be_saved_and_merged()
    {
        using var folder = new TemporaryFolder();
        // Wide enough for several blocks of memory.
        const int Wide = 300_000;
        var values = Samples.Normal(17 * Wide, 4);
        var (first, second) = (new FeatureBank(Wide), new FeatureBank(Wide));
        first.Add(values.AsSpan(0, 8 * Wide));
        second.Add(values.AsSpan(8 * Wide));
        first.Merge(second);
        new AccumulatorWriter().Add("bank", first).Save(folder["state"]);
        using var file = AccumulatorReader.Open(folder["state"]);
        var read = file.Read<FeatureBank>("bank");
        Assert.Equal(17, read.Count);
        var back = new float[17 * Wide];
        read.CopyTo(0, back);
        Assert.True(back.AsSpan().SequenceEqual(values));
    }

    private static FeatureBank Bank(float[] values)
    {
        var bank = new FeatureBank(Width);
        bank.Add(values);
        return bank;
    }

    private static (double Precision, double Recall) AtOnce(float[] reference, float[] samples, int neighbours)
    {
        var (referenceRadii, sampleRadii) = (Radii(reference, neighbours), Radii(samples, neighbours));
        var (n, m) = (referenceRadii.Length, sampleRadii.Length);
        var precision = Enumerable.Range(0, m).Count(s => Enumerable.Range(0, n).Any(r => Distance(reference, r, samples, s) <= referenceRadii[r]));
        var recall = Enumerable.Range(0, n).Count(r => Enumerable.Range(0, m).Any(s => Distance(reference, r, samples, s) <= sampleRadii[s]));
        return ((double)precision / m, (double)recall / n);
    }

    private static double[] Radii(float[] values, int neighbours)
    {
        var count = values.Length / Width;
        return [.. Enumerable.Range(0, count).Select(i =>
            Enumerable.Range(0, count).Where(j => j != i).Select(j => Distance(values, i, values, j)).Order().ElementAt(neighbours - 1))];
    }

    private static double Distance(float[] a, int i, float[] b, int j) =>
        Enumerable.Range(0, Width).Sum(d => Math.Pow((double)a[i * Width + d] - b[j * Width + d], 2));

    private sealed class Shares(List<double> list) : IProgress<double>
    {
        public void Report(double value) => list.Add(value);
    }
}
