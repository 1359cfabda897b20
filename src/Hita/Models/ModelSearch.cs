using Hita.Checkpoints;
using Hita.Generation;
using Hita.Generation.Model;
using Hita.Runtime;
using Hita.Tokenization;
using Hita.Tokenization.Model;

namespace Hita.Models;

/// <summary>Finds a model by the hash of its weights.</summary>
public static class ModelSearch
{
    /// <summary>The environment variable that names folders of models, separated as in <c>PATH</c>.</summary>
    public const string Variable = "HITA_MODELS";

    private const int Depth = 3;

    /// <summary>Where models are looked for: the folders of <see cref="Variable"/>, then <c>models</c> in the current folder, then the bundled ones.</summary>
    public static IReadOnlyList<string> DefaultFolders =>
    [
        .. (Environment.GetEnvironmentVariable(Variable) ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries),
        "models",
        BundledModels.Folder,
    ];

    /// <summary>Finds a generator: a folder, or a preset's name where the weights are those that presets are tried with.</summary>
    /// <param name="hash">Its <see cref="ImageGenerator.ModelHash"/>.</param>
    /// <param name="folders">Where to look, three levels deep; null for <see cref="DefaultFolders"/>.</param>
    /// <returns>What <see cref="NamedModel"/> opens; null where there is none.</returns>
    public static string? FindGenerator(string hash, IReadOnlyList<string>? folders = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(hash);
        return Find(hash, GeneratorConfig.TypeName, null, folders) ?? GeneratorPresets.Names.FirstOrDefault(name =>
            GeneratorPresets.TryGet(name, out var config) && WeightFingerprint.OfByName(GeneratorShapes.Of(config), "") == hash);
    }

    /// <summary>Finds a tokenizer: a folder, or a preset's name where the weights are those that presets are tried with.</summary>
    /// <param name="hash">Its <see cref="Tokenization.ImageTokenizer.ModelHash"/>.</param>
    /// <param name="folders">Where to look, three levels deep; null for <see cref="DefaultFolders"/>.</param>
    /// <returns>What <see cref="NamedModel"/> opens; null where there is none.</returns>
    public static string? FindTokenizer(string hash, IReadOnlyList<string>? folders = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(hash);
        return Find(hash, TokenizerConfig.TypeName, TokenizerTensorNames.IsIdentifying, folders) ?? TokenizerPresets.Names.OrderBy(Size).FirstOrDefault(name =>
        {
            // The codebooks of such weights are normalised, so that the hash takes the weights themselves.
            if (!TokenizerPresets.TryGet(name, out var config))
                return false;
            using var tokenizer = ImageTokenizer.CreateByName(config, options: new TokenizerOptions { DecoderOnly = true });
            return tokenizer.ModelHash == hash;
        });

        static int Size(string name) => TokenizerPresets.TryGet(name, out var config) ? config.ImageSize * config.LatentChannels : 0;
    }

    private static string? Find(string hash, string type, Func<string, bool>? include, IReadOnlyList<string>? folders)
    {
        var search = new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = Depth, IgnoreInaccessible = true };
        foreach (var root in (folders ?? DefaultFolders).Where(Directory.Exists))
        {
            var configs = Directory.EnumerateFiles(root, ModelFolder.ConfigName, search).Order(StringComparer.Ordinal);
            if (configs.Select(static c => Path.GetDirectoryName(c)!).FirstOrDefault(Matches) is { } found)
                return found;
        }
        return null;

        bool Matches(string folder)
        {
            try
            {
                if (ModelType.Of(ModelFolder.ReadConfig(folder)) != type)
                    return false;
                using var weights = ModelFolder.OpenWeights(folder);
                return WeightFingerprint.Of(weights, include) == hash;
            }
            catch (HitaException)
            {
                // A broken model beside the wanted one is not what was asked about.
                return false;
            }
        }
    }
}
