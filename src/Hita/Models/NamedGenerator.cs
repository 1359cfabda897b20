using Hita.Checkpoints;
using Hita.Generation;
using Hita.Generation.Model;
using Hita.Generation.Sampling;
using Hita.Runtime;

namespace Hita.Models;

/// <summary>
/// A generator by folder or preset, with what its folder says of it, and without its weights: what was asked of it is checked before
/// they are read. Each file of the folder is read once, when it is first needed.
/// </summary>
public sealed class NamedGenerator
{
    private readonly string? _folder;
    private readonly Lazy<ClassNames> _classes;
    private readonly Lazy<SamplingOptions> _sampling;

    private NamedGenerator(string? folder, GeneratorConfig config)
    {
        (_folder, Config) = (folder, config);
        _classes = new(() => folder is null ? ClassNames.Default(config.ClassCount) : ClassNames.Load(folder, config.ClassCount));
        _sampling = new(() => folder is null ? new SamplingOptions() : GeneratorFolder.ReadSampling(folder));
    }

    /// <summary>The architecture.</summary>
    public GeneratorConfig Config { get; }

    /// <summary>Whether it is a preset, whose weights are filled from the tensors' names.</summary>
    public bool IsPreset => _folder is null;

    /// <summary>The classes' names, or numbers alone.</summary>
    /// <exception cref="HitaException">The folder's list of names is broken.</exception>
    public ClassNames Classes => _classes.Value;

    /// <summary>How its tokens are best sampled; plain sampling where its folder does not say.</summary>
    /// <exception cref="HitaException">The folder's settings are broken.</exception>
    public SamplingOptions Sampling => _sampling.Value;

    /// <summary>Reads what a text names.</summary>
    /// <param name="text">A generator's, a pipeline's or a run's folder, or a generator preset.</param>
    /// <exception cref="HitaException">There is no such folder or preset, or its configuration is broken.</exception>
    public static NamedGenerator Read(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (!NamedModel.IsPreset(text))
            return InFolder(text);
        return GeneratorPresets.TryGet(text, out var config)
            ? new NamedGenerator(null, config)
            : throw new HitaException($"'{text}' is a tokenizer's preset; a generator is needed: {string.Join(", ", GeneratorPresets.Names)}.");
    }

    /// <summary>Reads a folder, also where a preset has its name.</summary>
    /// <param name="folder">A generator's, a pipeline's or a run's folder.</param>
    /// <exception cref="HitaException">There is no such folder, or its configuration is broken.</exception>
    public static NamedGenerator InFolder(string folder)
    {
        var found = GeneratorFolder.Find(folder);
        return new NamedGenerator(found, GeneratorFolder.ReadConfig(found));
    }

    /// <summary>Loads the weights.</summary>
    /// <param name="options">How; null for float32 on the CPU.</param>
    /// <exception cref="HitaException">The weights are missing or do not fit the configuration.</exception>
    public ImageGenerator Load(GeneratorOptions? options = null) => Load(options, progress: null, CancellationToken.None);

    /// <summary>Loads the weights, which can be followed and stopped.</summary>
    internal ImageGenerator Load(GeneratorOptions? options, IProgress<LoadProgress>? progress, CancellationToken cancellation) =>
        _folder is null ? ImageGenerator.CreateByName(Config, options: options) : ImageGenerator.LoadFrom(_folder, Config, Classes, Sampling, options, progress, cancellation);
}
