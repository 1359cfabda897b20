using Hita.Evaluation.Reports;
using Hita.Metrics;
using Hita.Tokenization;
using Hita.Tokenization.Model;

namespace Hita.Evaluation.Runs;

/// <summary>The use of both codebooks as codes come.</summary>
internal sealed class CodebookMetrics(TokenizerConfig? config)
{
    private CodeUsage? _holistic = config?.Holistic is null ? null : new CodeUsage(config.CodebookSize);
    private CodeUsage? _patches = config is null ? null : new CodeUsage(config.CodebookSize);

    /// <summary>Of the holistic codes; null where there are none.</summary>
    public CodeUsage? Holistic => _holistic;

    /// <summary>Of the patch codes; null where codes are not known.</summary>
    public CodeUsage? Patches => _patches;

    public void Add(ImageCodes codes)
    {
        _holistic?.Add([.. codes.Holistic]);
        _patches?.Add([.. codes.Patches]);
    }

    public IEnumerable<Metric> Metrics()
    {
        foreach (var (name, usage) in new[] { ("holistic", _holistic), ("patch", _patches) })
        {
            if (usage is null || usage.Count == 0)
                continue;
            yield return new Metric($"{name}_usage", usage.Usage);
            yield return new Metric($"{name}_perplexity", usage.Perplexity);
        }
    }

    public void Restore(AccumulatorReader state)
    {
        if (_holistic is not null)
            _holistic = state.Read<CodeUsage>("holistic-codes");
        if (_patches is not null)
            _patches = state.Read<CodeUsage>("patch-codes");
    }

    public void Capture(AccumulatorWriter writer)
    {
        if (_holistic is not null)
            writer.Add("holistic-codes", _holistic);
        if (_patches is not null)
            writer.Add("patch-codes", _patches);
    }
}
