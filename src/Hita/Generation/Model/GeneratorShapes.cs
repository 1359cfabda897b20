using Hita.Checkpoints;
using Hita.Layers;

namespace Hita.Generation.Model;

/// <summary>The names and shapes of a generator's tensors, known without memory for them, and the presets that fit a file.</summary>
internal static class GeneratorShapes
{
    /// <summary>All tensors.</summary>
    public static IReadOnlyDictionary<string, long[]> Of(GeneratorConfig config)
    {
        using var model = new GeneratorModel(config, Placement.Meta);
        return model.Parameters().ToDictionary(static p => p.Key, static p => p.Value.shape, StringComparer.Ordinal);
    }

    /// <summary>The presets whose tensors are exactly these, but for the number of classes, which is the table's.</summary>
    public static IReadOnlyList<GeneratorConfig> Fitting(IReadOnlyDictionary<string, TensorEntry> tensors)
    {
        var fitting = new List<GeneratorConfig>();
        if (!tensors.TryGetValue(GeneratorNames.ClassTable, out var table) || table.Shape.Count != 2 || table.Shape[0] is < 2 or > 1 << 20)
            return fitting;
        foreach (var name in GeneratorPresets.Names)
        {
            if (!GeneratorPresets.TryGet(name, out var preset) || !ShapeFit.Has(tensors, "norm.weight", preset.Width))
                continue;
            var config = preset with { ClassCount = (int)table.Shape[0] - 1 };
            if (ShapeFit.IsExact(Of(config), tensors, static _ => false, static _ => false))
                fitting.Add(config);
        }
        return fitting;
    }
}
