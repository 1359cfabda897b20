using System.Runtime.InteropServices;
using Hita.Checkpoints;
using Hita.Runtime;

namespace Hita.Metrics;

/// <summary>What every accumulator of vectors asks of them.</summary>
internal static class FeatureChecks
{
    /// <summary>Checks that numbers are whole vectors of finite values.</summary>
    /// <param name="features">The numbers.</param>
    /// <param name="width">Numbers a vector.</param>
    /// <param name="first">The number of the first vector, for the message.</param>
    public static void Check(ReadOnlySpan<float> features, int width, long first)
    {
        if (features.Length % width != 0)
            throw new ArgumentException($"{features.Length} numbers are not whole vectors of {width}.", nameof(features));
        if (FiniteCheck.AllFinite(TensorType.Float32, MemoryMarshal.AsBytes(features)))
            return;
        var at = 0;
        while (float.IsFinite(features[at]))
            at++;
        throw new HitaException(
            $"The features of sample {first + at / width} are not finite; the image's values, the weights or the precision are at fault.");
    }
}
