using Hita.Checkpoints;
using Hita.Runtime;
using Hita.Tokenization.Model;

namespace Hita.Tokenization;

/// <summary>Finds and reads the tokenizer of a folder.</summary>
public static class TokenizerFolder
{
    /// <summary>The name of the tokenizer's folder inside a pipeline's.</summary>
    public const string PipelinePart = "tokenizer";

    /// <summary>
    /// The folder that holds the tokenizer: the one given, its <c>tokenizer</c> part where it is a pipeline's, its model where it is a
    /// training run's; of a generator, the one whose codes it writes: beside it in a pipeline, or named by the recipe of its run.
    /// </summary>
    /// <param name="folder">The folder of a tokenizer, a pipeline, a run, or a generator that has a tokenizer of its own.</param>
    /// <exception cref="CheckpointException">There is none.</exception>
    public static string Find(string folder)
    {
        var found = ModelFolder.Find(folder, PipelinePart);
        return ModelType.Of(ModelFolder.ReadConfig(found)) is { } type && type != TokenizerConfig.TypeName
            ? GeneratorTokenizer.Find(found) ?? throw new CheckpointException(
                found, $"this folder holds a {type} where a {TokenizerConfig.TypeName} is needed, and nothing says which one belongs to it; name the tokenizer too (--tokenizer).")
            : found;
    }

    /// <summary>Reads and checks a tokenizer's configuration.</summary>
    /// <param name="folder">The tokenizer's own folder.</param>
    /// <exception cref="HitaException">It is not a tokenizer's, or has faults.</exception>
    public static TokenizerConfig ReadConfig(string folder)
    {
        var json = ModelFolder.ReadConfig(folder);
        ModelType.Require(json, folder, TokenizerConfig.TypeName);
        return ConfigJson.Read<TokenizerConfig>(json, Path.Combine(folder, "config.json")).Validate();
    }
}
