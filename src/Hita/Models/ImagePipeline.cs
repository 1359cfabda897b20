using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Hita.Checkpoints;
using Hita.Generation;
using Hita.Generation.Model;
using Hita.Imaging;
using Hita.Runtime;
using Hita.Tokenization;
using Hita.Tokenization.Model;

namespace Hita.Models;

/// <summary>One generated image.</summary>
/// <param name="Index">Its place in the request, from 0.</param>
/// <param name="Class">Its class.</param>
/// <param name="Codes">Its codes.</param>
/// <param name="Image">What they decode to.</param>
public sealed record GeneratedImage(int Index, int Class, ImageCodes Codes, Image Image);

/// <summary>A generator and the tokenizer whose codes it writes: from a class to an image.</summary>
public sealed class ImagePipeline : IDisposable
{
    private readonly Task<ImageTokenizer> _tokenizer;
    private readonly TokenizerConfig _tokenizerConfig;

    /// <summary>Joins a generator and a tokenizer; both are owned from here on.</summary>
    /// <param name="generator">Samples the codes.</param>
    /// <param name="tokenizer">Decodes them; the decoder alone is enough.</param>
    /// <exception cref="ConfigException">They do not speak the same codes; both are disposed.</exception>
    public ImagePipeline(ImageGenerator generator, ImageTokenizer tokenizer)
    {
        ArgumentNullException.ThrowIfNull(generator);
        ArgumentNullException.ThrowIfNull(tokenizer);
        Generator = generator;
        _tokenizer = Task.FromResult(tokenizer);
        _tokenizerConfig = tokenizer.Config;
        try
        {
            Check(generator.Config, tokenizer.Config);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Joins a generator and a tokenizer that is still being loaded; both are owned from here on.</summary>
    /// <param name="generator">Samples the codes.</param>
    /// <param name="tokenizer">Will decode them.</param>
    /// <param name="tokenizerConfig">The tokenizer's architecture, which fits the generator's.</param>
    internal ImagePipeline(ImageGenerator generator, Task<ImageTokenizer> tokenizer, TokenizerConfig tokenizerConfig) =>
        (Generator, _tokenizer, _tokenizerConfig) = (generator, tokenizer, tokenizerConfig);

    /// <summary>Samples the codes.</summary>
    public ImageGenerator Generator { get; }

    /// <summary>Decodes the codes. Where it is still being loaded (<see cref="NamedModel.OpenPipelineForSampling"/>), this waits for it.</summary>
    /// <exception cref="HitaException">It could not be loaded.</exception>
    public ImageTokenizer Tokenizer => _tokenizer.GetAwaiter().GetResult();

    /// <summary>Width of the images, in pixels.</summary>
    public int Width => Generator.Config.GridWidth * _tokenizerConfig.PatchSize;

    /// <summary>Height of the images, in pixels.</summary>
    public int Height => Generator.Config.GridHeight * _tokenizerConfig.PatchSize;

    /// <summary>Codes that are sampled for an image: those that reach a pixel.</summary>
    public int TokensPerImage => Generator.Config.SequenceLength - UnseenPatches;

    private int UnseenPatches => Generator.Config.UnseenPatchesOf(_tokenizerConfig);

    /// <summary>Loads a pipeline: a folder with <c>tokenizer/</c> and <c>generator/</c>, or a generator's training run.</summary>
    /// <param name="folder">The folder; of a run, the tokenizer is the one that its recipe names.</param>
    /// <param name="options">How the generator is loaded, and the device for both.</param>
    /// <param name="withEncoder">Whether the tokenizer's encoder is loaded too, as editing needs it; decoding does not.</param>
    /// <param name="decoding">The type of the tokenizer's weights: float32 or bfloat16.</param>
    /// <exception cref="HitaException">A part is missing or broken, the parts do not fit each other, or a precision is not for its part.</exception>
    public static ImagePipeline Load(string folder, GeneratorOptions? options = null, bool withEncoder = false, Precision decoding = Precision.Float32) =>
        Load(folder, folder, options, withEncoder, decoding);

    /// <summary>Loads a pipeline from two folders.</summary>
    /// <param name="generatorFolder">The generator's folder, a pipeline's or a run's.</param>
    /// <param name="tokenizerFolder">The tokenizer's folder, a pipeline's or a run's; that of a generator's run stands for its tokenizer.</param>
    /// <param name="options">How the generator is loaded, and the device for both.</param>
    /// <param name="withEncoder">Whether the tokenizer's encoder is loaded too, as editing needs it; decoding does not.</param>
    /// <param name="decoding">The type of the tokenizer's weights: float32 or bfloat16.</param>
    /// <exception cref="HitaException">A part is missing or broken, the parts do not fit each other, or a precision is not for its part.</exception>
    public static ImagePipeline Load(
        string generatorFolder, string tokenizerFolder, GeneratorOptions? options = null, bool withEncoder = false, Precision decoding = Precision.Float32) =>
        NamedModel.OpenPipeline(NamedGenerator.InFolder(generatorFolder), NamedTokenizer.InFolder(tokenizerFolder), options, withEncoder, decoding);

    /// <summary>As <see cref="Load(string, GeneratorOptions?, bool, Precision)"/>, on another thread.</summary>
    /// <param name="folder">The folder; of a run, the tokenizer is the one that its recipe names.</param>
    /// <param name="options">How the generator is loaded, and the device for both.</param>
    /// <param name="withEncoder">Whether the tokenizer's encoder is loaded too, as editing needs it; decoding does not.</param>
    /// <param name="decoding">The type of the tokenizer's weights: float32 or bfloat16.</param>
    /// <param name="progress">Told about bytes as they are read, of the tokenizer first and then of the generator, each with a total of its own; may be null.</param>
    /// <param name="cancellation">Stops between two tensors.</param>
    /// <inheritdoc cref="Load(string, GeneratorOptions?, bool, Precision)" path="/exception"/>
    public static Task<ImagePipeline> LoadAsync(
        string folder, GeneratorOptions? options = null, bool withEncoder = false, Precision decoding = Precision.Float32,
        IProgress<LoadProgress>? progress = null, CancellationToken cancellation = default) =>
        Background.Run(() => NamedModel.OpenPipeline(NamedGenerator.InFolder(folder), NamedTokenizer.InFolder(folder), options, withEncoder, decoding, progress, cancellation), cancellation);

    /// <summary>Generates images. While one batch is decoded, the next is sampled.</summary>
    /// <param name="request">What to generate; <see cref="GenerationRequest.UnseenPatches"/> is set here.</param>
    /// <param name="onImage">Given each image as soon as it is decoded, in order, from another thread.</param>
    /// <param name="progress">Told how far the sampling has come; may be null.</param>
    /// <param name="cancellation">Stops soon; images given before are whole.</param>
    /// <exception cref="HitaException">The request does not fit the generator.</exception>
    public void Generate(
        GenerationRequest request,
        Action<GeneratedImage> onImage,
        IProgress<GenerationProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(onImage);
        var decoding = Task.CompletedTask;
        try
        {
            Generator.Generate(request with { UnseenPatches = UnseenPatches }, Checked(progress), Decode, cancellation);
        }
        finally
        {
            // Also after a failure: nothing may decode with a tokenizer that the caller is about to dispose.
            decoding.ContinueWith(static _ => { }, TaskScheduler.Default).Wait(CancellationToken.None);
        }
        decoding.GetAwaiter().GetResult();

        void Decode(int first, IReadOnlyList<ImageCodes> codes)
        {
            // One batch behind at most, so that memory stays bounded.
            decoding.GetAwaiter().GetResult();
            decoding = Task.Run(() => DecodeBatch(first, codes), CancellationToken.None);
        }

        void DecodeBatch(int first, IReadOnlyList<ImageCodes> codes)
        {
            for (var i = 0; i < codes.Count; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                var image = Tokenizer.Decode([codes[i]], cancellation: cancellation)[0];
                onImage(new GeneratedImage(first + i, request.Classes[first + i], codes[i], image));
            }
        }
    }

    /// <summary>Generates images and gives each as soon as it is there. Who stops asking for more ends the generation.</summary>
    /// <param name="request">What to generate; <see cref="GenerationRequest.UnseenPatches"/> is set here.</param>
    /// <param name="progress">Told after every position of a batch; may be null.</param>
    /// <param name="cancellation">Stops soon.</param>
    /// <returns>The images, in the order of the request's classes.</returns>
    /// <exception cref="ConfigException">The request does not fit the generator.</exception>
    public async IAsyncEnumerable<GeneratedImage> GenerateAsync(
        GenerationRequest request, IProgress<GenerationProgress>? progress = null, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        // Whoever is slow holds the generation up, so that memory stays bounded.
        var images = Channel.CreateBounded<GeneratedImage>(Math.Max(request.BatchSize, 1));
        var work = Task.Run(
            () =>
            {
                try
                {
                    Generate(request, image => images.Writer.WriteAsync(image, ending.Token).AsTask().GetAwaiter().GetResult(), progress, ending.Token);
                }
                finally
                {
                    images.Writer.Complete();
                }
            },
            CancellationToken.None);
        try
        {
            await foreach (var image in images.Reader.ReadAllAsync(cancellation).ConfigureAwait(false))
                yield return image;
            await work.ConfigureAwait(false);
        }
        finally
        {
            await ending.CancelAsync().ConfigureAwait(false);
            // Also after a failure: nothing may compute with models that the caller is about to dispose.
            await work.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default).ConfigureAwait(false);
        }
    }

    /// <summary>What an image carries so that it can be made again.</summary>
    /// <param name="request">The request it was generated by.</param>
    /// <param name="image">The image.</param>
    public ImageSettings SettingsOf(GenerationRequest request, GeneratedImage image)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(image);
        return new ImageSettings
        {
            // Programs that do not know of decoding in another precision would make another image.
            Version = Tokenizer.Precision == Precision.Float32 ? 1 : 2,
            Generator = Generator.ModelHash,
            Tokenizer = Tokenizer.ModelHash,
            Class = image.Class,
            Seed = request.Seed,
            Image = request.FirstImage + image.Index,
            Precision = Generator.Precision,
            DecoderPrecision = Tokenizer.Precision,
            Engine = Generator.Engine,
            Boundary = request.Boundary,
            Sampling = request.Sampling,
            Codes = ImageSettings.HashOf(image.Codes),
            Threads = TorchSharp.torch.get_num_threads(),
        };
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Generator.Dispose();
        DisposeOnceLoaded(_tokenizer);
    }

    /// <summary>Waits for a tokenizer that is being loaded, and disposes it. Its native library must not be loaded while a program ends.</summary>
    internal static void DisposeOnceLoaded(Task<ImageTokenizer> tokenizer) =>
        tokenizer.ContinueWith(
            static t =>
            {
                if (t.IsCompletedSuccessfully)
                    t.Result.Dispose();
                else
                    _ = t.Exception; // Whoever asked for the tokenizer has got it.
            },
            CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default).GetAwaiter().GetResult();

    // Sampling for long what cannot be decoded would be a waste.
    private IProgress<GenerationProgress>? Checked(IProgress<GenerationProgress>? progress) =>
        _tokenizer.IsCompletedSuccessfully
            ? progress
            : new DirectProgress<GenerationProgress>(p =>
            {
                if (_tokenizer.IsFaulted)
                    _tokenizer.GetAwaiter().GetResult();
                progress?.Report(p);
            });

    /// <summary>Refuses parts that do not speak the same codes.</summary>
    /// <exception cref="ConfigException">They do not.</exception>
    internal static void Check(GeneratorConfig generator, TokenizerConfig tokenizer)
    {
        var faults = new FaultCollector();
        faults.Require(generator.CodebookSize == tokenizer.CodebookSize, $"the generator writes {generator.CodebookSize} different codes, the tokenizer knows {tokenizer.CodebookSize}");
        faults.Require(generator.HolisticTokenCount == tokenizer.HolisticTokenCount, $"the generator writes {generator.HolisticTokenCount} holistic codes an image, the tokenizer reads {tokenizer.HolisticTokenCount}");
        faults.Throw("This generator and this tokenizer do not belong together");
    }
}
