using Hita.Evaluation.Protocols;
using Hita.Evaluation.Reports;
using Hita.Imaging;
using Hita.Metrics;

namespace Hita.Evaluation.Runs;

/// <summary>PSNR, SSIM and mean squared error of images against their originals; pairs from everywhere and the worst ones for the page.</summary>
/// <param name="ssimRange">The range that SSIM takes pixels of 0 to 1 to have.</param>
/// <param name="count">Images in all.</param>
internal sealed class ImageQualityMetric(double ssimRange, int count) : IEvaluationMetric
{
    private const int SpreadPairs = 8;
    private const int WorstPairs = 4;

    private readonly HashSet<long> _spreadPlaces = [.. Enumerable.Range(0, SpreadPairs).Select(i => (long)i * count / SpreadPairs)];
    private ImageQualityStatistics _quality = new(ssimRange);
    private ImageKeep _spread = new();
    private ImageKeep _worst = new();

    /// <inheritdoc/>
    public void Add(EvaluationBatch batch)
    {
        var quality = new ImageQualityStatistics[batch.Images.Count];
        Parallel.For(0, quality.Length, i =>
        {
            quality[i] = new ImageQualityStatistics(ssimRange);
            quality[i].Add(batch.Originals[i], batch.Images[i]);
        });
        for (var i = 0; i < quality.Length; i++)
        {
            Keep(batch.First + i, batch.Originals[i], batch.Images[i], quality[i]);
            // Merged in order, so that sums do not depend on which thread was first.
            _quality.Merge(quality[i]);
        }
    }

    /// <inheritdoc/>
    public void Report(EvaluationResults results)
    {
        if (_quality.Psnr.Count > 0)
            results.Add("psnr", _quality.Psnr.Mean, _quality.Psnr.StandardDeviation);
        if (_quality.IdenticalCount > 0)
            results.Add("identical_images", _quality.IdenticalCount);
        results.Add("ssim", _quality.Ssim.Mean, _quality.Ssim.StandardDeviation);
        results.Add("mean_squared_error", _quality.MeanSquaredError.Mean);
        results.Page = results.Page with { Pairs = [.. _spread.Kept], WorstPairs = [.. _worst.Kept] };
    }

    /// <inheritdoc/>
    public void Capture(AccumulatorWriter state) => state.Add("quality", _quality).Add("spread", _spread).Add("worst", _worst);

    /// <inheritdoc/>
    public void Restore(AccumulatorReader state) =>
        (_quality, _spread, _worst) = (state.Read<ImageQualityStatistics>("quality"), state.Read<ImageKeep>("spread"), state.Read<ImageKeep>("worst"));

    /// <inheritdoc/>
    public void Merge(AccumulatorReader state)
    {
        _quality.Merge(state.Read<ImageQualityStatistics>("quality"));
        _spread.Merge(state.Read<ImageKeep>("spread"));
        foreach (var kept in state.Read<ImageKeep>("worst").Kept)
            _worst.AddLeast(kept, WorstPairs);
    }

    private void Keep(long number, Image original, Image image, ImageQualityStatistics quality)
    {
        var psnr = quality.IdenticalCount > 0 ? double.PositiveInfinity : quality.Psnr.Mean;
        var kept = new KeptImage(number, psnr, original, image);
        if (_spreadPlaces.Contains(number))
            _spread.Add(kept);
        _worst.AddLeast(kept, WorstPairs);
    }
}

/// <summary>LPIPS of images against their originals.</summary>
/// <param name="perceptual">Measures it, or says why it cannot.</param>
internal sealed class PerceptualMetric(PerceptualSource perceptual) : IEvaluationMetric
{
    private RunningMean _lpips = new();

    /// <inheritdoc/>
    public void Add(EvaluationBatch batch)
    {
        if (!perceptual.IsPresent)
            return;
        foreach (var distance in perceptual.Distances(batch.Images, batch.Originals))
            _lpips.Add(distance);
    }

    /// <inheritdoc/>
    public void Report(EvaluationResults results)
    {
        if (perceptual.IsPresent)
            results.Add("lpips", _lpips.Mean, _lpips.StandardDeviation);
        else
            results.AddUnmeasured("LPIPS", perceptual.Absence!);
    }

    /// <inheritdoc/>
    public void Capture(AccumulatorWriter state) => state.Add("lpips", _lpips);

    /// <inheritdoc/>
    public void Restore(AccumulatorReader state) => _lpips = state.Read<RunningMean>("lpips");

    /// <inheritdoc/>
    public void Merge(AccumulatorReader state) => _lpips.Merge(state.Read<RunningMean>("lpips"));
}
