using Hita.Checkpoints;
using Hita.Runtime;
using Hita.Tokenization;
using Hita.Tokenization.Model;

namespace Hita.Models;

/// <summary>A tokenizer by folder or preset, with its configuration, and without its weights. The configuration is read once.</summary>
public sealed class NamedTokenizer
{
    private readonly TokenizerFolder? _folder;

    private NamedTokenizer(TokenizerFolder? folder, TokenizerConfig config) => (_folder, Config) = (folder, config);

    /// <summary>The architecture.</summary>
    public TokenizerConfig Config { get; }

    /// <summary>Reads what a text names.</summary>
    /// <param name="text">The folder of a tokenizer, a pipeline, a run, or a generator that has a tokenizer of its own; or a tokenizer preset.</param>
    /// <exception cref="HitaException">There is no such folder or preset, or its configuration is broken.</exception>
    public static NamedTokenizer Read(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (!NamedModel.IsPreset(text))
            return InFolder(text);
        return TokenizerPresets.TryGet(text, out var config)
            ? new NamedTokenizer(null, config)
            : throw new HitaException($"'{text}' is a generator's preset; a tokenizer is needed: {string.Join(", ", TokenizerPresets.Names)}.");
    }

    /// <summary>Reads a folder, also where a preset has its name.</summary>
    /// <param name="folder">The folder of a tokenizer, a pipeline, a run, or a generator that has a tokenizer of its own.</param>
    /// <exception cref="HitaException">There is no such folder, or its configuration is broken.</exception>
    public static NamedTokenizer InFolder(string folder)
    {
        var found = TokenizerFolder.Open(folder);
        return new NamedTokenizer(found, found.Config);
    }

    /// <summary>Loads the weights.</summary>
    /// <param name="options">How; null for everything in float32 on the CPU.</param>
    /// <exception cref="HitaException">The weights are missing or do not fit the configuration.</exception>
    public ImageTokenizer Load(TokenizerOptions? options = null) => Load(options, progress: null, CancellationToken.None);

    /// <summary>Loads the weights, which can be followed and stopped.</summary>
    internal ImageTokenizer Load(TokenizerOptions? options, IProgress<LoadProgress>? progress, CancellationToken cancellation) =>
        _folder is null ? ImageTokenizer.CreateByName(Config, options: options) : ImageTokenizer.LoadFrom(_folder, options, progress, cancellation);
}
