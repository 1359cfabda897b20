using Hita.Checkpoints;
using Hita.Generation.Model;
using Hita.Generation.Sampling;
using Hita.Runtime;

namespace Hita.Generation;

/// <summary>Finds and reads the generator of a folder.</summary>
public static class GeneratorFolder
{
    /// <summary>The name of the generator's folder inside a pipeline's.</summary>
    public const string PipelinePart = "generator";

    /// <summary>The file in a generator's folder that says how its tokens are best sampled; without it, plain sampling.</summary>
    public const string SamplingName = "sampling.json";

    /// <summary>
    /// The folder that holds the generator: the one given, its <c>generator</c> part where it is a pipeline's, or its model where it is a
    /// training run's.
    /// </summary>
    /// <param name="folder">A generator's, a pipeline's or a run's folder.</param>
    /// <exception cref="CheckpointException">None of them holds a configuration.</exception>
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

    /// <summary>Reads how a generator's tokens are best sampled.</summary>
    /// <param name="folder">The generator's own folder.</param>
    /// <returns>The settings of <see cref="SamplingName"/>; plain sampling where there is no such file.</returns>
    /// <exception cref="HitaException">The file is damaged, or a setting is impossible.</exception>
    public static SamplingOptions ReadSampling(string folder)
    {
        var path = Path.Combine(folder, SamplingName);
        if (!File.Exists(path))
            return new SamplingOptions();
        try
        {
            return ConfigJson.Read<SamplingOptions>(File.ReadAllText(path), path).Validate();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(path, $"the sampling settings cannot be read: {SystemMessage.Of(e)}.", e);
        }
        catch (ConfigException e)
        {
            throw new CheckpointException(path, e.Message, e);
        }
    }

    /// <summary>Writes <see cref="SamplingName"/> where the settings are not those that hold without it.</summary>
    /// <param name="folder">The generator's own folder.</param>
    /// <param name="sampling">How its tokens are best sampled.</param>
    internal static void WriteSampling(string folder, SamplingOptions sampling)
    {
        if (sampling != new SamplingOptions())
            File.WriteAllText(Path.Combine(folder, SamplingName), ConfigJson.Write(sampling), ModelFolder.Text);
    }
}
