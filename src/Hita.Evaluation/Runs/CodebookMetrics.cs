using Hita.Metrics;
using Hita.Tokenization.Model;

namespace Hita.Evaluation.Runs;

/// <summary>The use of both codebooks as codes come.</summary>
/// <param name="config">The tokenizer that the codes belong to; null where they are not known.</param>
internal sealed class CodebookMetrics(TokenizerConfig? config) : IEvaluationMetric
{
    private CodeUsage? _holistic = config?.Holistic is null ? null : new CodeUsage(config.CodebookSize);
    private CodeUsage? _patches = config is null ? null : new CodeUsage(config.CodebookSize);

    /// <inheritdoc/>
    public void Add(EvaluationBatch batch)
    {
        foreach (var codes in batch.Codes)
        {
            _holistic?.Add([.. codes.Holistic]);
            _patches?.Add([.. codes.Patches]);
        }
    }

    /// <inheritdoc/>
    public void Report(EvaluationResults results)
    {
        foreach (var (name, usage) in new[] { ("holistic", _holistic), ("patch", _patches) })
        {
            if (usage is null || usage.Count == 0)
                continue;
            results.Add($"{name}_usage", usage.Usage);
            results.Add($"{name}_perplexity", usage.Perplexity);
        }
        results.Page = results.Page with { HolisticUsage = _holistic, PatchUsage = _patches };
    }

    /// <inheritdoc/>
    public void Capture(AccumulatorWriter state)
    {
        if (_holistic is not null)
            state.Add("holistic-codes", _holistic);
        if (_patches is not null)
            state.Add("patch-codes", _patches);
    }

    /// <inheritdoc/>
    public void Restore(AccumulatorReader state)
    {
        if (_holistic is not null)
            _holistic = state.Read<CodeUsage>("holistic-codes");
        if (_patches is not null)
            _patches = state.Read<CodeUsage>("patch-codes");
    }

    /// <inheritdoc/>
    public void Merge(AccumulatorReader state)
    {
        _holistic?.Merge(state.Read<CodeUsage>("holistic-codes"));
        _patches?.Merge(state.Read<CodeUsage>("patch-codes"));
    }
}
