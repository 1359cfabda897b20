using System.Diagnostics.CodeAnalysis;

namespace Hita.Generation.Model;

/// <summary>The named generator architectures.</summary>
public static class GeneratorPresets
{
    // Name, width, layers, heads: the sizes of the two families.
    private static readonly (string Size, int Width, int Layers, int Heads)[] Hita =
    [
        ("b", 768, 12, 12), ("l", 1024, 24, 16), ("xl", 1280, 36, 20), ("xxl", 1536, 48, 24), ("2b", 1920, 48, 32),
    ];

    private static readonly (string Size, int Width, int Layers, int Heads)[] Vanilla =
    [
        ("b", 768, 12, 12), ("l", 1024, 24, 16), ("xl", 1280, 36, 20), ("xxl", 1536, 48, 24), ("xxxl", 2560, 48, 40),
        ("1b", 2048, 22, 32), ("3b", 3200, 24, 32), ("7b", 4096, 32, 32),
    ];

    private static readonly Dictionary<string, GeneratorConfig> Table = Build();

    /// <summary>All names, in the order of the documentation.</summary>
    public static IReadOnlyCollection<string> Names => Table.Keys;

    /// <summary>Looks a preset up.</summary>
    /// <param name="name">Its name, for example <c>hita-b</c>; <c>llamagen-b</c> generates 384 pixels, <c>llamagen-b-256</c> 256.</param>
    /// <param name="config">The architecture, with <see cref="GeneratorConfig.Preset"/> set to the name.</param>
    /// <returns>False where no generator has this name.</returns>
    public static bool TryGet(string name, [NotNullWhen(true)] out GeneratorConfig? config)
    {
        config = Table.TryGetValue(name, out var found) ? found with { Preset = name } : null;
        return config is not null;
    }

    private static Dictionary<string, GeneratorConfig> Build()
    {
        var table = new Dictionary<string, GeneratorConfig>(StringComparer.Ordinal);
        foreach (var (size, width, layers, heads) in Hita)
        {
            table[$"hita-{size}"] = new GeneratorConfig
            {
                Width = width,
                Layers = layers,
                Heads = heads,
                HolisticTokenCount = 128,
                GridHeight = 21,
                GridWidth = 21,
            };
        }
        foreach (var (suffix, side) in (ReadOnlySpan<(string, int)>)[("", 24), ("-256", 16)])
        {
            foreach (var (size, width, layers, heads) in Vanilla)
            {
                table[$"llamagen-{size}{suffix}"] = new GeneratorConfig
                {
                    Width = width,
                    Layers = layers,
                    Heads = heads,
                    GridHeight = side,
                    GridWidth = side,
                };
            }
        }
        var tiny = new GeneratorConfig
        {
            Width = 64,
            Layers = 2,
            Heads = 4,
            CodebookSize = 256,
            HolisticTokenCount = 16,
            GridHeight = 4,
            GridWidth = 4,
            ClassCount = 10,
        };
        table["tiny"] = tiny;
        table["tiny-llamagen"] = tiny with { HolisticTokenCount = 0 };
        return table;
    }
}
