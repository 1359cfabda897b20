using Hita.Evaluation.Protocols;
using Hita.Imaging;
using Hita.Metrics.Networks;

namespace Hita.Tests.Evaluation.Runs;

/// <summary>
/// Features of the right widths from a linear map of a shrunk image whose weights are made from their places: what an evaluation
/// does with features can be seen without waiting for a network.
/// </summary>
internal static class FakeFeatures
{
    private const int Side = 8;
    private const int Inputs = Side * Side * Image.Channels;
    private const int Period = 4099;

    private static readonly float[] Weights = MakeWeights();

    public static FeatureSource Source() => FeatureSource.From(Extract, "by-name:linear");

    public static InceptionFeatures Extract(IReadOnlyList<Image> images)
    {
        var pool = new float[images.Count * InceptionFeatures.PoolWidth];
        var logits = new float[images.Count * InceptionFeatures.ClassCount];
        var spatial = new float[images.Count * InceptionFeatures.SpatialWidth];
        for (var i = 0; i < images.Count; i++)
        {
            var small = images[i].Resize(Side, Side, ResamplingFilter.Box);
            var input = new float[Inputs];
            for (var at = 0; at < Inputs; at++)
                input[at] = (small.Pixels[at] - 128) / 128f;
            Map(input, pool.AsSpan(i * InceptionFeatures.PoolWidth, InceptionFeatures.PoolWidth), 1, 0.2f);
            Map(input, logits.AsSpan(i * InceptionFeatures.ClassCount, InceptionFeatures.ClassCount), 2, 0.5f);
            Map(input, spatial.AsSpan(i * InceptionFeatures.SpatialWidth, InceptionFeatures.SpatialWidth), 3, 0.2f);
        }
        return new InceptionFeatures(pool, logits, logits, spatial);
    }

    private static void Map(float[] input, Span<float> output, int offset, float scale)
    {
        for (var o = 0; o < output.Length; o++)
        {
            var sum = 0f;
            // A few inputs an output, so that the map costs little.
            for (var k = 0; k < 12; k++)
                sum += input[((o * 7) + (k * 16) + offset) % Inputs] * Weights[((o * 31) + (k * 131) + offset) % Period];
            output[o] = scale * sum;
        }
    }

    private static float[] MakeWeights()
    {
        var random = new Random(9);
        return [.. Enumerable.Range(0, Period).Select(_ => (float)((2 * random.NextDouble()) - 1))];
    }
}
