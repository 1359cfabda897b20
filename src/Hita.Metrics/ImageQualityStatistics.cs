using Hita.Imaging;
using Hita.Runtime;

namespace Hita.Metrics;

/// <summary>Accumulates PSNR and SSIM over pairs of images; each is the mean of the pairs' values.</summary>
public sealed class ImageQualityStatistics : IAccumulator<ImageQualityStatistics>
{
    private readonly RunningMean _psnr = new();
    private readonly RunningMean _ssim = new();
    private readonly RunningMean _squares = new();

    /// <summary>Starts without pairs.</summary>
    /// <param name="ssimRange">The range for SSIM: 1, or 2 as the published script has it.</param>
    public ImageQualityStatistics(double ssimRange = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(ssimRange);
        SsimRange = ssimRange;
    }

    /// <summary>The range for SSIM.</summary>
    public double SsimRange { get; }

    /// <inheritdoc/>
    public long Count { get; private set; }

    /// <summary>
    /// Pairs of equal images. Their PSNR is infinite; they are left out of <see cref="Psnr"/> and counted here instead.
    /// </summary>
    public long IdenticalCount => Count - _psnr.Count;

    /// <summary>The mean PSNR in decibels of the pairs that differ, and its spread.</summary>
    public RunningMean Psnr => _psnr;

    /// <summary>The mean SSIM of all pairs, and its spread.</summary>
    public RunningMean Ssim => _ssim;

    /// <summary>The mean of the mean squared errors of all pairs, in units of 0 to 255 squared.</summary>
    public RunningMean MeanSquaredError => _squares;

    /// <summary>Adds a pair.</summary>
    /// <param name="original">The image as it was.</param>
    /// <param name="copy">The image to judge, of the same size.</param>
    /// <exception cref="HitaException">The sizes differ or are too small for SSIM; nothing has been added.</exception>
    public void Add(Image original, Image copy)
    {
        var ssim = ImageQuality.Ssim(original, copy, SsimRange);
        var error = ImageQuality.MeanSquaredError(original, copy);
        if (error > 0)
            _psnr.Add(ImageQuality.Psnr(original, copy));
        _ssim.Add(ssim);
        _squares.Add(error);
        Count++;
    }

    /// <inheritdoc/>
    public void Merge(ImageQualityStatistics other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other.SsimRange != SsimRange)
            throw new ArgumentException("SSIM of another range cannot be merged.", nameof(other));
        _psnr.Merge(other._psnr);
        _ssim.Merge(other._ssim);
        _squares.Merge(other._squares);
        Count += other.Count;
    }

    IEnumerable<StatePart> IAccumulator<ImageQualityStatistics>.Capture() =>
    [
        StatePart.Of<long>("count", new long[] { Count }),
        StatePart.Of<double>("range", new double[] { SsimRange }),
        .. StatePart.Nested("psnr", _psnr), .. StatePart.Nested("ssim", _ssim), .. StatePart.Nested("squares", _squares),
    ];

    static ImageQualityStatistics IAccumulator<ImageQualityStatistics>.Restore(StateSource source)
    {
        var range = new double[1];
        source.Read("range", range.AsSpan());
        source.Require(double.IsFinite(range[0]) && range[0] > 0, "range");
        var statistics = new ImageQualityStatistics(range[0]) { Count = source.ReadOne("count") };
        statistics._psnr.Merge(source.Nested<RunningMean>("psnr"));
        statistics._ssim.Merge(source.Nested<RunningMean>("ssim"));
        statistics._squares.Merge(source.Nested<RunningMean>("squares"));
        source.Require(statistics.Count == statistics._ssim.Count && statistics.IdenticalCount >= 0, "count");
        return statistics;
    }
}
