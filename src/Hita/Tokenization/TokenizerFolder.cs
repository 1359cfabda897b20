using Hita.Checkpoints;
using Hita.Runtime;
using Hita.Tokenization.Model;

namespace Hita.Tokenization;

/// <summary>Finds and reads the tokenizer of a folder.</summary>
public static class TokenizerFolder
{
    /// <summary>The name of the tokenizer's folder inside a pipeline's.</summary>
    public const string PipelinePart = "tokenizer";

    /// <summary>The folder that holds the tokenizer: the one given, or its <c>tokenizer</c> part where it is a pipeline's.</summary>
    /// <param name="folder">A tokenizer's or a pipeline's folder.</param>
    /// <exception cref="CheckpointException">Neither holds a configuration.</exception>
    public static string Find(string folder) => ModelFolder.Find(folder, PipelinePart);

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
