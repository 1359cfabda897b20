using Hita.Checkpoints;
using Hita.Runtime;

namespace Hita.Generation;

/// <summary>Finds and reads the generator of a folder.</summary>
public static class GeneratorFolder
{
    /// <summary>The name of the generator's folder inside a pipeline's.</summary>
    public const string PipelinePart = "generator";

    /// <summary>The folder that holds the generator: the one given, or its <c>generator</c> part where it is a pipeline's.</summary>
    /// <param name="folder">A generator's or a pipeline's folder.</param>
    /// <exception cref="CheckpointException">Neither holds a configuration.</exception>
    public static string Find(string folder) => ModelFolder.Find(folder, PipelinePart);

    /// <summary>Reads and checks a generator's configuration.</summary>
    /// <param name="folder">The generator's own folder.</param>
    /// <exception cref="HitaException">It is not a generator's, or has faults.</exception>
    public static GeneratorConfig ReadConfig(string folder)
    {
        var json = ModelFolder.ReadConfig(folder);
        ModelType.Require(json, folder, GeneratorConfig.TypeName);
        return ConfigJson.Read<GeneratorConfig>(json, Path.Combine(folder, "config.json")).Validate();
    }
}
