using Hita.Checkpoints;
using Hita.Imaging;
using Hita.Metrics;
using Hita.Tests.Support;
using Hita.Verification;

namespace Hita.Tests.Metrics;

/// <summary>Every measure against numbers recorded from the published implementation.</summary>
public sealed class PublishedNumbersTests(ITestOutputHelper output) : IDisposable
{
    private readonly SafetensorsFile _vectors = SafetensorsFile.Open(TestFiles.Vector("metrics.safetensors"));

    public void Dispose() => _vectors.Dispose();

    [Fact]
    public void The_frechet_distance_agrees() =>
        Close("frechet", [FrechetDistance.Between(Statistics("reference_features"), Statistics("sample_features"))], 1e-4);

    [Fact]
    public void The_frechet_distance_of_singular_covariances_agrees() =>
        Close("frechet_singular", [FrechetDistance.Between(Statistics("reference_features", 40), Statistics("sample_features", 40))], 1e-2);

    [Theory]
    [InlineData(100)]
    [InlineData(5000)]
    public void The_inception_score_agrees(int splitSize)
    {
        var (features, weight) = (_vectors.Floats("sample_features"), _vectors.Floats("softmax_weight"));
        var logits = new float[500 * 20];
        for (var row = 0; row < 500; row++)
        {
            for (var column = 0; column < 20; column++)
            {
                var sum = 0.0;
                for (var i = 0; i < 64; i++)
                    sum += (double)features[row * 64 + i] * weight[i * 20 + column];
                logits[row * 20 + column] = (float)sum;
            }
        }
        Close($"inception_score_split{splitSize}", [InceptionScore.Of(logits, 20, splitSize).Mean], 1e-4);
    }

    [Theory]
    [InlineData(2048)]
    [InlineData(64)]
    public void Precision_and_recall_agree(int blockSize)
    {
        var result = PrecisionRecall.Compute(Bank("reference_features"), Bank("sample_features"), new() { BlockSize = blockSize });
        Close("precision_recall", [result.Precision, result.Recall], 1e-4);
    }

    [Fact]
    public void Psnr_agrees() => Close("psnr", [.. Pairs().Select(p => ImageQuality.Psnr(p.A, p.B))], 1e-4);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Ssim_agrees(int range) => Close($"ssim_data_range_{range}", [.. Pairs().Select(p => ImageQuality.Ssim(p.A, p.B, range))], 1e-4);

    private void Close(string name, double[] actual, double tolerance)
    {
        var expected = new double[_vectors.Tensors[name].Count];
        _vectors.Read(name, System.Runtime.InteropServices.MemoryMarshal.AsBytes(expected.AsSpan()));
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            var error = Math.Abs(actual[i] - expected[i]) / Math.Abs(expected[i]);
            output.WriteLine($"{name}[{i}] {actual[i]:r} expected {expected[i]:r} relative error {error:e2}");
            Assert.True(error <= tolerance, $"{name}[{i}] is {actual[i]:r} where {expected[i]:r} was recorded: {error:e2} > {tolerance:e0}");
        }
    }

    private FeatureStatistics Statistics(string name, int? rows = null)
    {
        var values = _vectors.Floats(name);
        var statistics = new FeatureStatistics(64);
        statistics.Add(values.AsSpan(0, rows * 64 ?? values.Length));
        return statistics;
    }

    private FeatureBank Bank(string name)
    {
        var bank = new FeatureBank(64);
        bank.Add(_vectors.Floats(name));
        return bank;
    }

    private IEnumerable<(Image A, Image B)> Pairs()
    {
        for (var i = 0; i < 2; i++)
            yield return (At("image_a", i), At("image_b", i));
    }

    private Image At(string name, int index)
    {
        var pixels = new byte[64 * 64 * 3];
        _vectors.ReadPart(name, index * pixels.Length, pixels);
        return new Image(64, 64, pixels);
    }
}
