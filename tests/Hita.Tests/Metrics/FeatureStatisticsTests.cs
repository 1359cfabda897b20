using Hita.Metrics;
using Hita.Runtime;
using Hita.Tests.Support;

namespace Hita.Tests.Metrics;

public sealed class FeatureStatisticsTests
{
    private const int Width = 9;

    [Theory]
    [InlineData(2)]
    [InlineData(511)]
    [InlineData(512)]
    [InlineData(1300)]
    public void Mean_and_covariance_equal_those_of_all_vectors_at_once(int count)
    {
        // A mean a hundred thousand times the spread is what sums of squares would not survive.
        var features = Samples.Normal(count * Width, 1, mean: 1e5);
        var statistics = new FeatureStatistics(Width);
        for (var at = 0; at < count; at += 7)
            statistics.Add(features.AsSpan(at * Width, Math.Min(7, count - at) * Width));
        var (mean, covariance) = InTwoPasses(features, count);
        var actual = statistics.ToDistribution();
        Assert.Equal(count, statistics.Count);
        Assert.True(Distance(actual.Mean, mean) < 1e-9 * Size(mean));
        Assert.True(Distance(actual.Covariance, covariance) < 1e-9 * Size(covariance));
    }

    [Fact]
    public void Merged_parts_equal_the_whole()
    {
        var features = Samples.Normal(1500 * Width, 2);
        var (whole, first, second) = (new FeatureStatistics(Width), new FeatureStatistics(Width), new FeatureStatistics(Width));
        whole.Add(features);
        first.Add(features.AsSpan(0, 700 * Width));
        second.Add(features.AsSpan(700 * Width));
        first.Merge(second);
        Assert.Equal(1500, first.Count);
        Assert.Equal(800, second.Count);
        var (expected, actual) = (whole.ToDistribution(), first.ToDistribution());
        Assert.True(Distance(actual.Mean, expected.Mean) < 1e-12 * Size(expected.Mean));
        Assert.True(Distance(actual.Covariance, expected.Covariance) < 1e-12 * Size(expected.Covariance));
        Assert.Throws<ArgumentException>(() => first.Merge(new FeatureStatistics(Width + 1)));
    }

    [Fact]
    public void A_resumed_run_gives_the_bits_of_a_straight_one()
    {
        using var folder = new TemporaryFolder();
        var features = Samples.Normal(1500 * Width, 3);
        var (straight, stopped) = (new FeatureStatistics(Width), new FeatureStatistics(Width));
        straight.Add(features);
        stopped.Add(features.AsSpan(0, 700 * Width));
        new AccumulatorWriter().Add("pool", stopped).Save(folder["state"]);
        using var file = AccumulatorReader.Open(folder["state"]);
        var resumed = file.Read<FeatureStatistics>("pool");
        Assert.Equal(700, resumed.Count);
        resumed.Add(features.AsSpan(700 * Width));
        var (expected, actual) = (straight.ToDistribution(), resumed.ToDistribution());
        Assert.Equal(expected.Mean.ToArray(), actual.Mean.ToArray());
        Assert.Equal(expected.Covariance.ToArray(), actual.Covariance.ToArray());
    }

    [Fact]
    public void One_vector_has_no_covariance()
    {
        var statistics = new FeatureStatistics(2);
        statistics.Add([1, 2]);
        Assert.Contains("two samples or more", Assert.Throws<HitaException>(statistics.ToDistribution).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_vector_that_is_not_finite_is_refused_by_its_number_and_changes_nothing()
    {
        var statistics = new FeatureStatistics(2);
        statistics.Add([1, 2, 3, 4]);
        var fault = Assert.Throws<HitaException>(() => statistics.Add([5, 6, 7, float.NaN]));
        Assert.Contains("sample 3", fault.Message, StringComparison.Ordinal);
        Assert.Equal(2, statistics.Count);
        Assert.Throws<ArgumentException>(() => statistics.Add([1, 2, 3]));
    }

    private static (double[] Mean, double[] Covariance) InTwoPasses(float[] features, int count)
    {
        var (mean, covariance) = (new double[Width], new double[Width * Width]);
        for (var i = 0; i < features.Length; i++)
            mean[i % Width] += (double)features[i] / count;
        for (var row = 0; row < count; row++)
        {
            for (var i = 0; i < Width * Width; i++)
                covariance[i] += (features[row * Width + i / Width] - mean[i / Width]) * (features[row * Width + i % Width] - mean[i % Width]) / (count - 1);
        }
        return (mean, covariance);
    }

    private static double Distance(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        var sum = 0.0;
        for (var i = 0; i < a.Length; i++)
            sum += Math.Pow(a[i] - b[i], 2);
        return Math.Sqrt(sum);
    }

    private static double Size(ReadOnlySpan<double> a) => Distance(a, new double[a.Length]);
}
