using Hita.Checkpoints;
using Hita.Generation.Model;
using Hita.Layers;
using Hita.Tokenization;
using Hita.Tokenization.Model;

namespace Hita.Generation.Pipeline;

/// <summary>The names and shapes of a model's tensors, known without memory for them, and the presets that fit a file.</summary>
internal static class ModelShapes
{
    /// <summary>A tokenizer's tensors, the semantic encoder's included.</summary>
    public static IReadOnlyDictionary<string, long[]> Of(TokenizerConfig config)
    {
        using var model = new TokenizerModel(config, TokenizerParts.All, Placement.Meta);
        return Shapes(model);
    }

    /// <summary>A generator's tensors.</summary>
    public static IReadOnlyDictionary<string, long[]> Of(GeneratorConfig config)
    {
        using var model = new GeneratorModel(config, Placement.Meta);
        return Shapes(model);
    }

    /// <summary>The tokenizer presets whose tensors are exactly these; a semantic encoder may be absent.</summary>
    public static IReadOnlyList<TokenizerConfig> FittingTokenizers(IReadOnlyDictionary<string, TensorEntry> tensors)
    {
        var fitting = new List<TokenizerConfig>();
        foreach (var name in TokenizerPresets.Names)
        {
            if (TokenizerPresets.TryGet(name, out var config) && QuickFit(config, tensors) && Fits(Of(config), tensors, TokenizerNames.IsSemantic, TokenizerNames.IsDropped))
                fitting.Add(config);
        }
        return fitting;
    }

    /// <summary>The generator presets whose tensors are exactly these, but for the number of classes, which is the table's.</summary>
    public static IReadOnlyList<GeneratorConfig> FittingGenerators(IReadOnlyDictionary<string, TensorEntry> tensors)
    {
        var fitting = new List<GeneratorConfig>();
        if (!tensors.TryGetValue(GeneratorNames.ClassTable, out var table) || table.Shape.Count != 2 || table.Shape[0] is < 2 or > 1 << 20)
            return fitting;
        foreach (var name in GeneratorPresets.Names)
        {
            if (!GeneratorPresets.TryGet(name, out var preset) || !HasShape(tensors, "norm.weight", preset.Width))
                continue;
            var config = preset with { ClassCount = (int)table.Shape[0] - 1 };
            if (Fits(Of(config), tensors, static _ => false, static _ => false))
                fitting.Add(config);
        }
        return fitting;
    }

    // Building even an empty network takes a moment: most presets are told apart by two shapes.
    private static bool QuickFit(TokenizerConfig config, IReadOnlyDictionary<string, TensorEntry> tensors) =>
        HasShape(tensors, "encoder.conv_in.bias", config.BaseChannels) &&
        HasShape(tensors, "quantize.embedding.weight", config.CodebookSize, config.PatchCodeDimensions);

    private static bool HasShape(IReadOnlyDictionary<string, TensorEntry> tensors, string name, params ReadOnlySpan<long> shape) =>
        tensors.TryGetValue(name, out var entry) && entry.HasShape(shape);

    private static bool Fits(
        IReadOnlyDictionary<string, long[]> shapes, IReadOnlyDictionary<string, TensorEntry> tensors, Func<string, bool> mayMiss, Func<string, bool> dropped) =>
        shapes.All(s => tensors.TryGetValue(s.Key, out var entry) ? entry.HasShape(s.Value) : mayMiss(s.Key)) &&
        tensors.Keys.All(k => shapes.ContainsKey(k) || dropped(k));

    private static Dictionary<string, long[]> Shapes(TorchSharp.torch.nn.Module module) =>
        module.Parameters().ToDictionary(static p => p.Key, static p => p.Value.shape, StringComparer.Ordinal);
}
