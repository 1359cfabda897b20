using Hita.Metrics;
using Hita.Runtime;

namespace Hita.Tests.Metrics;

public sealed class FrechetDistanceTests
{
    [Theory]
    [InlineData(100)]
    [InlineData(2000)]
    public void A_set_is_at_no_distance_from_itself_also_with_fewer_samples_than_features(int count)
    {
        // Spread like real features: a few large directions, many small ones.
        const int Width = 300;
        var features = Samples.Normal(count * Width, 1);
        for (var i = 0; i < features.Length; i++)
            features[i] *= 30f / (1 + i % Width);
        var statistics = new FeatureStatistics(Width);
        statistics.Add(features);
        Assert.InRange(FrechetDistance.Between(statistics, statistics), 0, 1e-5);
    }

    [Fact]
    public void Distributions_without_correlations_have_the_distance_of_the_formula()
    {
        var a = new FeatureDistribution([1, 2, 3], [4, 0, 0, 0, 9, 0, 0, 0, 0]);
        var b = new FeatureDistribution([1, 0, 3], [1, 0, 0, 0, 16, 0, 0, 0, 25]);
        // Means 2² and deviations 2 to 1, 3 to 4, 0 to 5.
        Assert.Equal(4 + 1 + 1 + 25, FrechetDistance.Between(a, b), 1e-10);
        Assert.Equal(4 + 1 + 1 + 25, FrechetDistance.Between(b, a), 1e-10);
    }

    [Fact]
    public void Turning_both_distributions_changes_nothing()
    {
        // Σ = R diag(4, 1) Rᵀ for a turn by 30°, against the identity: (2 − 1)² + 0.
        var (c, s) = (Math.Cos(Math.PI / 6), Math.Sin(Math.PI / 6));
        var turned = new FeatureDistribution([0, 0], [4 * c * c + s * s, 3 * c * s, 3 * c * s, 4 * s * s + c * c]);
        Assert.Equal(1, FrechetDistance.Between(turned, new FeatureDistribution([0, 0], [1, 0, 0, 1])), 1e-12);
    }

    [Fact]
    public void Singular_sets_of_other_ranks_are_at_the_same_distance_either_way()
    {
        const int Width = 200;
        var (few, many) = (new FeatureStatistics(Width), new FeatureStatistics(Width));
        few.Add(Samples.Normal(20 * Width, 1, deviation: 3));
        many.Add(Samples.Normal(120 * Width, 2, deviation: 3));
        var there = FrechetDistance.Between(few, many);
        Assert.InRange(there, 100, 1e5);
        Assert.Equal(there, FrechetDistance.Between(many, few), 1e-4);
    }

    [Fact]
    public void Points_without_spread_are_apart_by_their_means_alone()
    {
        var point = new FeatureDistribution([3, 4], [0, 0, 0, 0]);
        Assert.Equal(25 + 2, FrechetDistance.Between(point, new FeatureDistribution([0, 0], [1, 0, 0, 1])), 1e-12);
        Assert.Equal(0, FrechetDistance.Between(point, point));
    }

    [Fact]
    public void Statistics_that_cannot_be_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new FeatureDistribution([1, 2], [1, 0, 0]));
        Assert.Contains("not finite", Assert.Throws<HitaException>(() => new FeatureDistribution([1, double.NaN], [1, 0, 0, 1])).Message, StringComparison.Ordinal);
        Assert.Contains("symmetric", Assert.Throws<HitaException>(() => new FeatureDistribution([1, 2], [1, 0.5, 0, 1])).Message, StringComparison.Ordinal);
        Assert.Contains("negative", Assert.Throws<HitaException>(() => new FeatureDistribution([1, 2], [1, 0, 0, -1])).Message, StringComparison.Ordinal);
        var (two, three) = (new FeatureDistribution([1, 2], new double[4]), new FeatureDistribution([1, 2, 3], new double[9]));
        Assert.Contains("different feature extractors", Assert.Throws<HitaException>(() => FrechetDistance.Between(two, three)).Message, StringComparison.Ordinal);
    }
}
