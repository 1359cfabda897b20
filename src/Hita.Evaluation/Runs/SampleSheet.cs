using Hita.Evaluation.Reports;
using Hita.Metrics;

namespace Hita.Evaluation.Runs;

/// <summary>The first samples, for the page.</summary>
internal sealed class SampleSheet : IEvaluationMetric
{
    private const int MaxCount = 64;
    private ImageKeep _sheet = new();

    /// <inheritdoc/>
    public void Add(EvaluationBatch batch)
    {
        for (var i = 0; i < batch.Images.Count && _sheet.Count < MaxCount; i++)
            _sheet.Add(new KeptImage(batch.First + i, batch.Classes.Count > 0 ? batch.Classes[i] : -1, batch.Images[i]));
    }

    /// <inheritdoc/>
    public void Report(EvaluationResults results) => results.Page = results.Page with { Sheet = [.. _sheet.Kept.Select(static k => k.Image)] };

    /// <inheritdoc/>
    public void Capture(AccumulatorWriter state) => state.Add("sheet", _sheet);

    /// <inheritdoc/>
    public void Restore(AccumulatorReader state) => _sheet = state.Read<ImageKeep>("sheet");

    /// <inheritdoc/>
    public void Merge(AccumulatorReader state)
    {
        foreach (var image in state.Read<ImageKeep>("sheet").Kept.Take(MaxCount - (int)_sheet.Count))
            _sheet.Add(image);
    }
}
