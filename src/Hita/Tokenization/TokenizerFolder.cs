using Hita.Checkpoints;
using Hita.Runtime;
using Hita.Tokenization.Model;

namespace Hita.Tokenization;

/// <summary>The tokenizer of a folder: where it is, and its configuration, read once.</summary>
public sealed class TokenizerFolder
{
    /// <summary>The name of the tokenizer's folder inside a pipeline's.</summary>
    public const string PipelinePart = "tokenizer";

    private TokenizerFolder(string path, string json) =>
        (Path, Config) = (path, ConfigJson.Read<TokenizerConfig>(json, System.IO.Path.Combine(path, ModelFolder.ConfigName)).Validate());

    /// <summary>The tokenizer's own folder.</summary>
    public string Path { get; }

    /// <summary>Its configuration, which has been checked.</summary>
    public TokenizerConfig Config { get; }

    /// <summary>Finds the tokenizer of a folder, see <see cref="Find"/>, and reads its configuration.</summary>
    /// <param name="folder">The folder of a tokenizer, a pipeline, a run, or a generator that has a tokenizer of its own.</param>
    /// <exception cref="HitaException">There is none, or its configuration has faults.</exception>
    public static TokenizerFolder Open(string folder)
    {
        var (found, json) = Locate(folder);
        return new TokenizerFolder(found, json);
    }

    /// <summary>
    /// The folder that holds the tokenizer: the one given, its <c>tokenizer</c> part where it is a pipeline's, its model where it is a
    /// training run's; of a generator, the one whose codes it writes: beside it in a pipeline, or named by the recipe of its run.
    /// </summary>
    /// <param name="folder">The folder of a tokenizer, a pipeline, a run, or a generator that has a tokenizer of its own.</param>
    /// <exception cref="CheckpointException">There is none.</exception>
    public static string Find(string folder) => Locate(folder).Folder;

    /// <summary>Reads and checks a tokenizer's configuration.</summary>
    /// <param name="folder">The tokenizer's own folder.</param>
    /// <exception cref="HitaException">It is not a tokenizer's, or has faults.</exception>
    public static TokenizerConfig ReadConfig(string folder)
    {
        var json = ModelFolder.ReadConfig(folder);
        ModelType.Require(json, folder, TokenizerConfig.TypeName);
        return new TokenizerFolder(folder, json).Config;
    }

    private static (string Folder, string Json) Locate(string folder)
    {
        var found = ModelFolder.Find(folder, PipelinePart);
        var json = ModelFolder.ReadConfig(found);
        return ModelType.Of(json) is { } type && type != TokenizerConfig.TypeName
            ? GeneratorTokenizer.Find(found) ?? throw new CheckpointException(
                found, $"this folder holds a {type} where a {TokenizerConfig.TypeName} is needed, and nothing says which one belongs to it; name the tokenizer too (--tokenizer).")
            : (found, json);
    }
}
