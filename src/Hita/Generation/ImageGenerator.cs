using Hita.Checkpoints;
using Hita.Generation.Engine;
using Hita.Generation.Model;
using Hita.Generation.Sampling;
using Hita.Layers;
using Hita.Runtime;
using Hita.Tokenization;

namespace Hita.Generation;

/// <summary>What computes a generator's steps.</summary>
public enum GeneratorEngine
{
    /// <summary>The CPU engine on the CPU, the tensor library on other devices.</summary>
    Auto,

    /// <summary>This library's own engine for CPUs: packed weights, no framework call a token.</summary>
    Cpu,

    /// <summary>The tensor library: the reference, and the way to a GPU.</summary>
    Torch,
}

/// <summary>How a generator is loaded.</summary>
public sealed record GeneratorOptions
{
    /// <summary>What computes the steps. Default <see cref="GeneratorEngine.Auto"/>.</summary>
    public GeneratorEngine Engine { get; init; }

    /// <summary>Threads of the CPU engine; 0 for one a processor. Images do not depend on it. Default 0.</summary>
    public int Threads { get; init; }

    /// <summary>The device, see <see cref="Compute.Device"/>. Default <c>cpu</c>.</summary>
    public string Device { get; init; } = "cpu";

    /// <summary>The weights' type; int8 is for the CPU engine only. Default float32.</summary>
    public Precision Precision { get; init; }

    /// <summary>Whether the CPU engine runs.</summary>
    /// <exception cref="HitaException">The engine cannot run on the device.</exception>
    internal bool UsesCpuEngine => Engine switch
    {
        GeneratorEngine.Torch => false,
        GeneratorEngine.Cpu when Device != "cpu" => throw new HitaException($"The CPU engine runs on the CPU, not on '{Device}'; leave the engine or the device out."),
        _ => Device == "cpu",
    };
}

/// <summary>
/// Samples the codes of images from classes. Immutable once loaded; several threads may use one at the same time.
/// </summary>
public sealed partial class ImageGenerator : ICodeSampler, IDisposable
{
    private readonly ITokenModel _tokens;

    internal ImageGenerator(ITokenModel tokens, string modelHash, ClassNames classes, SamplingOptions? sampling = null)
    {
        _tokens = tokens;
        ModelHash = modelHash;
        Classes = classes;
        Sampling = sampling ?? new SamplingOptions();
    }

    /// <summary>The architecture.</summary>
    public GeneratorConfig Config => _tokens.Config;

    /// <summary>32 hexadecimal digits that identify the weights.</summary>
    public string ModelHash { get; }

    /// <summary>What computes the steps; never <see cref="GeneratorEngine.Auto"/>.</summary>
    public GeneratorEngine Engine => _tokens is CpuTokenModel ? GeneratorEngine.Cpu : GeneratorEngine.Torch;

    /// <summary>The type in which the weights are kept.</summary>
    public Precision Precision => _tokens switch
    {
        CpuTokenModel cpu => cpu.Precision,
        TorchTokenModel torch when torch.Model.Placement.Type == TorchSharp.torch.ScalarType.BFloat16 => Precision.BFloat16,
        _ => Precision.Float32,
    };

    /// <summary>The classes' names, or numbers alone.</summary>
    public ClassNames Classes { get; }

    /// <summary>How its tokens are best sampled, as its folder says (<see cref="GeneratorFolder.SamplingName"/>); plain sampling where it does not.</summary>
    public SamplingOptions Sampling { get; }

    /// <summary>Learned values; 0 where the weights are packed for the CPU engine.</summary>
    public long ParameterCount => (_tokens as TorchTokenModel)?.Model.ParameterCount() ?? 0;

    /// <summary>What computes logits, position by position.</summary>
    internal ITokenModel Tokens => _tokens;

    /// <summary>The network, where the framework runs it.</summary>
    internal GeneratorModel? Model => (_tokens as TorchTokenModel)?.Model;

    /// <summary>Loads a model folder.</summary>
    /// <param name="folder">A generator's folder, or a pipeline's with one inside.</param>
    /// <param name="options">How; null for float32 on the CPU.</param>
    /// <exception cref="HitaException">The folder holds no generator, or its weights do not fit its configuration.</exception>
    public static ImageGenerator Load(string folder, GeneratorOptions? options = null)
    {
        var found = GeneratorFolder.Find(folder);
        var config = GeneratorFolder.ReadConfig(found);
        return LoadFrom(found, config, ClassNames.Load(found, config.ClassCount), GeneratorFolder.ReadSampling(found), options);
    }

    /// <summary>Loads the weights of a model folder whose other files have been read.</summary>
    /// <param name="found">The generator's own folder.</param>
    /// <param name="config">Its configuration.</param>
    /// <param name="classes">Its classes' names.</param>
    /// <param name="sampling">How its tokens are best sampled.</param>
    /// <param name="options">How; null for float32 on the CPU.</param>
    /// <param name="progress">Told about bytes as they are read; may be null.</param>
    /// <param name="cancellation">Stops between two tensors.</param>
    /// <exception cref="HitaException">The weights do not fit the configuration.</exception>
    internal static ImageGenerator LoadFrom(
        string found, GeneratorConfig config, ClassNames classes, SamplingOptions sampling, GeneratorOptions? options = null,
        IProgress<LoadProgress>? progress = null, CancellationToken cancellation = default)
    {
        options ??= new GeneratorOptions();
        if (options.UsesCpuEngine)
        {
            // Packed where that has not been done before.
            using var weights = WatchedTensors.Of(ModelFolder.OpenWeights(found), static _ => 1, progress, cancellation);
            // Packing would not look at a tensor too many, which is a sign of another model.
            ShapeFit.Check(weights, GeneratorShapes.Of(config), GeneratorNames.ForLoading(config, weights.Tensors));
            var packed = new GeneratorWeightsFromFile(weights);
            var model = CpuTokenModel.Load(config, packed, ForEngine(options) with { CacheFolder = PackedFolder.Beside(found) });
            WatchedTensors.Complete(weights);
            return new ImageGenerator(model, packed.Fingerprint, classes, sampling);
        }
        // Checked and copied.
        using var source = WatchedTensors.Of(ModelFolder.OpenWeights(found), static _ => 2, progress, cancellation);
        var loading = GeneratorNames.ForLoading(config, source.Tensors);
        ShapeFit.Check(source, GeneratorShapes.Of(config), loading);
        var network = Build(config, options);
        try
        {
            StrictLoader.Load(source, network.Parameters(), loading, progress: null, cancellation);
            var loaded = new ImageGenerator(new TorchTokenModel(network), WeightFingerprint.Of(source), classes, sampling);
            WatchedTensors.Complete(source);
            return loaded;
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    /// <summary>A generator with fresh weights, as training starts from; its output is uniform. The tensor library runs it.</summary>
    /// <param name="config">The architecture.</param>
    /// <param name="seed">The same seed gives the same weights.</param>
    /// <param name="options">The device and the type; null for float32 on the CPU.</param>
    public static ImageGenerator Create(GeneratorConfig config, ulong seed, GeneratorOptions? options = null)
    {
        var model = Build(config, options);
        GeneratorInitializer.Initialize(model, seed);
        return Wrap(model);
    }

    /// <summary>A generator whose weights are filled from their names, to compare implementations without a file.</summary>
    /// <param name="config">The architecture.</param>
    /// <param name="prefix">Put before every tensor's full name.</param>
    /// <param name="options">How; null for float32 on the CPU.</param>
    public static ImageGenerator CreateByName(GeneratorConfig config, string prefix = "", GeneratorOptions? options = null)
    {
        options ??= new GeneratorOptions();
        // Whatever type the weights are kept in, the float32 ones tell the model.
        var hash = WeightFingerprint.OfByName(GeneratorShapes.Of(config), prefix);
        if (options.UsesCpuEngine)
        {
            return new ImageGenerator(
                CpuTokenModel.Load(config, new GeneratorWeightsByName(prefix), ForEngine(options)), hash, ClassNames.Default(config.ClassCount));
        }
        var model = Build(config, options);
        model.FillByName(prefix);
        return new ImageGenerator(new TorchTokenModel(model), hash, ClassNames.Default(config.ClassCount));
    }

    /// <summary>Samples images.</summary>
    /// <param name="request">What to sample.</param>
    /// <param name="progress">Told after every position of a batch; may be null.</param>
    /// <param name="cancellation">Stops between two positions; what a callback has received is whole.</param>
    /// <param name="onBatch">Given each batch as soon as it is sampled, with the index of its first image; may be null.</param>
    /// <returns>The codes, in the order of the request's classes.</returns>
    /// <exception cref="ConfigException">The request does not fit this generator.</exception>
    public IReadOnlyList<ImageCodes> Generate(
        GenerationRequest request,
        IProgress<GenerationProgress>? progress = null,
        Action<int, IReadOnlyList<ImageCodes>>? onBatch = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        request.Validate(Config);
        var all = new List<ImageCodes>(request.Classes.Count);
        var tokenCount = Config.SequenceLength - request.UnseenPatches;
        var total = (long)request.Classes.Count * tokenCount;
        foreach (var classes in request.Classes.Chunk(request.BatchSize))
        {
            var first = all.Count;
            var batch = new SamplingBatch(classes, request.Seed, request.FirstImage + first, tokenCount, request.Sampling, request.Boundary);
            var tokens = SamplingLoop.Run(_tokens, batch, Report, cancellation);
            var codes = Enumerable.Range(0, classes.Length).Select(i => ToCodes(tokens.AsSpan(i * tokenCount, tokenCount))).ToList();
            all.AddRange(codes);
            onBatch?.Invoke(first, codes);

            void Report(int done) => progress?.Report(new GenerationProgress(
                done == tokenCount ? first + classes.Length : first, request.Classes.Count, ((long)first * tokenCount) + ((long)done * classes.Length), total));
        }
        return all;
    }

    /// <inheritdoc/>
    public void Dispose() => _tokens.Dispose();

    /// <summary>Writes a model folder.</summary>
    /// <param name="folder">The folder; it must not exist, or hold a model that is replaced.</param>
    /// <exception cref="HitaException">The folder cannot be written, or this generator's weights are packed for the CPU engine.</exception>
    public void Save(string folder)
    {
        if (_tokens is not TorchTokenModel { Model: var model })
            throw new HitaException("A generator that is packed for the CPU engine cannot be saved; load it with the framework's engine first.");
        var parameters = model.Parameters();
        using var writer = new ModelFolderWriter(folder, ConfigJson.Write(Config), [.. parameters.Select(static p => TorchTensors.Describe(p.Key, p.Value))]);
        foreach (var (name, parameter) in parameters)
            writer.Write(name, parameter);
        writer.WriteBeside(staging =>
        {
            Classes.Save(staging);
            GeneratorFolder.WriteSampling(staging, Sampling);
        });
        writer.Complete();
    }

    private static EngineOptions ForEngine(GeneratorOptions options) => new() { Threads = options.Threads, Precision = options.Precision };

    private static GeneratorModel Build(GeneratorConfig config, GeneratorOptions? options)
    {
        options ??= new GeneratorOptions();
        return new GeneratorModel(config, Placement.For(options.Device, options.Precision));
    }

    private static ImageGenerator Wrap(GeneratorModel model) =>
        new(new TorchTokenModel(model), WeightFingerprint.Of(model.Parameters()), ClassNames.Default(model.Config.ClassCount));

    private ImageCodes ToCodes(ReadOnlySpan<int> tokens)
    {
        var patches = new int[Config.PatchTokenCount];
        tokens[Config.HolisticTokenCount..].CopyTo(patches);
        return new ImageCodes(tokens[..Config.HolisticTokenCount].ToArray(), patches, Config.GridHeight, Config.GridWidth);
    }
}
