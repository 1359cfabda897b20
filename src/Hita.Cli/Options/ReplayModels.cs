using Hita.Generation;
using Hita.Models;
using Hita.Runtime;

namespace Hita.Cli.Options;

/// <summary>The models of images that are made again; the last ones stay loaded, since neighbours mostly share them.</summary>
/// <param name="generator">Where the generator is; null to find it by its hash.</param>
/// <param name="tokenizer">Where the tokenizer is; null to find it by its hash.</param>
/// <param name="device">The device.</param>
/// <param name="threads">Threads of the CPU engine; 0 for all.</param>
internal sealed class ReplayModels(string? generator, string? tokenizer, string device, int threads) : IDisposable
{
    private (string, string, Precision, Precision, GeneratorEngine) _key;
    private ImagePipeline? _pipeline;

    /// <summary>The pipeline of an image.</summary>
    /// <param name="file">The image, for messages.</param>
    /// <param name="settings">What it carries.</param>
    /// <exception cref="HitaException">A model is nowhere to be found, or broken.</exception>
    public ImagePipeline For(string file, ImageSettings settings)
    {
        var key = (settings.Generator, settings.Tokenizer, settings.Precision, settings.DecoderPrecision, settings.Engine);
        if (_pipeline is not null && key == _key)
            return _pipeline;
        var from = generator ?? ModelSearch.FindGenerator(settings.Generator) ?? throw Missing(file, "generator", settings.Generator);
        var decoder = tokenizer ?? ModelSearch.FindTokenizer(settings.Tokenizer) ?? throw Missing(file, "tokenizer", settings.Tokenizer);
        _pipeline?.Dispose();
        _pipeline = null;
        // The engine that made it, where that can run here; the other one samples the same unless a rounding decides.
        _pipeline = NamedModel.OpenPipeline(
            from,
            decoder,
            new GeneratorOptions
            {
                Device = device,
                Precision = settings.Precision,
                Engine = device == "cpu" ? settings.Engine : GeneratorEngine.Auto,
                Threads = threads,
            },
            decoding: settings.DecoderPrecision);
        _key = key;
        return _pipeline;
    }

    public void Dispose() => _pipeline?.Dispose();

    private static ImageException Missing(string file, string what, string hash) => new(
        file, $"Its {what} {hash} is neither in the folders of {ModelSearch.Variable}, nor in ./models, nor among the bundled models and the presets; name it with -m.");
}
