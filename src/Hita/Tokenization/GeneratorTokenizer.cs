using System.Text.Json;
using Hita.Checkpoints;
using Hita.Runtime;
using Hita.Tokenization.Model;

namespace Hita.Tokenization;

/// <summary>Finds the tokenizer of a generator that was named alone.</summary>
internal static class GeneratorTokenizer
{
    private const string RecipeName = "recipe.yaml";
    private const string Key = "tokenizer:";
    private const long LargestRecipe = 1 << 20;

    /// <summary>The tokenizer's own folder and the text of its configuration; null where nothing leads to one.</summary>
    /// <param name="generator">The generator's own folder.</param>
    public static (string Folder, string Json)? Find(string generator)
    {
        var own = Path.TrimEndingDirectorySeparator(Path.GetFullPath(generator));
        if (Path.GetDirectoryName(own) is not { } around)
            return null;
        // The parts of a pipeline lie side by side; the recipe of a run names the tokenizer that the generator learned from.
        var beside = Path.Combine(around, TokenizerFolder.PipelinePart);
        if (Path.GetFileName(own) != ModelFolder.RunPart)
            return Tokenizer(beside);
        return Named(Path.Combine(around, RecipeName)) is { } named ? Locate(named, around) : null;
    }

    // A run's own recipe, which is written a key a line; whoever wrote something else by hand names the tokenizer.
    private static string? Named(string recipe)
    {
        try
        {
            if (!File.Exists(recipe) || new FileInfo(recipe).Length > LargestRecipe)
                return null;
            var line = File.ReadLines(recipe).FirstOrDefault(static l => l.StartsWith(Key, StringComparison.Ordinal));
            var value = line?[Key.Length..].Trim();
            return value is ['"', ..] ? JsonSerializer.Deserialize<string>(value) : value is ['\'', .., '\''] ? value[1..^1].Replace("''", "'", StringComparison.Ordinal) : value;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    // As it was written, seen from here; else from the folders around the run, which may have moved as a whole.
    private static (string Folder, string Json)? Locate(string named, string run)
    {
        if (named.Length == 0 || named.Contains('\0', StringComparison.Ordinal))
            return null;
        if (Model(named) is { } found)
            return found;
        for (var folder = run; !Path.IsPathRooted(named) && folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (Model(Path.Combine(folder, named)) is { } moved)
                return moved;
        }
        return null;
    }

    private static (string Folder, string Json)? Model(string folder)
    {
        try
        {
            return Tokenizer(ModelFolder.Find(folder, TokenizerFolder.PipelinePart));
        }
        catch (HitaException)
        {
            return null;
        }
    }

    private static (string Folder, string Json)? Tokenizer(string folder) =>
        ModelFolder.IsModel(folder) && ModelFolder.ReadConfig(folder) is var json && ModelType.Of(json) == TokenizerConfig.TypeName ? (folder, json) : null;
}
