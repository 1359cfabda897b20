using Hita.Runtime;

namespace Hita.Metrics;

/// <summary>The mean and the covariance of a set of feature vectors: all that the Fréchet distance needs of it.</summary>
public sealed class FeatureDistribution
{
    private readonly double[] _mean;
    private readonly double[] _covariance;

    /// <summary>Takes the two over without copying them.</summary>
    /// <param name="mean">D numbers.</param>
    /// <param name="covariance">D · D numbers, row by row; symmetric.</param>
    /// <exception cref="ArgumentException">The lengths do not fit each other.</exception>
    /// <exception cref="HitaException">A value is not finite, or the covariance is not one.</exception>
    public FeatureDistribution(double[] mean, double[] covariance)
    {
        ArgumentNullException.ThrowIfNull(mean);
        ArgumentNullException.ThrowIfNull(covariance);
        if (mean.Length == 0 || covariance.LongLength != (long)mean.Length * mean.Length)
            throw new ArgumentException($"{covariance.Length} numbers are not the covariance of {mean.Length} features.", nameof(covariance));
        if (!mean.All(double.IsFinite) || !covariance.All(double.IsFinite))
            throw new HitaException("The feature statistics hold values that are not finite, so no distance can be computed from them.");
        (_mean, _covariance) = (mean, covariance);
        CheckSymmetry();
    }

    /// <summary>D, the number of features.</summary>
    public int Width => _mean.Length;

    /// <summary>The mean, D numbers.</summary>
    public ReadOnlySpan<double> Mean => _mean;

    /// <summary>The covariance, D · D numbers, row by row.</summary>
    public ReadOnlySpan<double> Covariance => _covariance;

    private void CheckSymmetry()
    {
        var largest = 0.0;
        for (var i = 0; i < Width; i++)
            largest = Math.Max(largest, Math.Abs(_covariance[i * Width + i]));
        // Archives in float32 differ in the last bits of mirrored places.
        var slack = 1e-5 * largest;
        for (var i = 0; i < Width; i++)
        {
            if (_covariance[i * Width + i] < -slack)
                throw new HitaException($"The covariance is not one: feature {i} has the negative variance {_covariance[i * Width + i]:g4}.");
            for (var j = 0; j < i; j++)
            {
                if (Math.Abs(_covariance[i * Width + j] - _covariance[j * Width + i]) > slack)
                    throw new HitaException($"The covariance is not one: it is not symmetric at features {j} and {i}.");
            }
        }
    }
}
