using System.Globalization;
using Hita.Checkpoints;
using Hita.Generation.Model;
using Hita.Layers;
using Hita.Runtime;
using Hita.Tokenization;

namespace Hita.Generation;

/// <summary>How a generator is loaded.</summary>
public sealed record GeneratorOptions
{
    /// <summary>The device, see <see cref="Compute.Device"/>. Default <c>cpu</c>.</summary>
    public string Device { get; init; } = "cpu";

    /// <summary>The weights' type. Default float32.</summary>
    public Precision Precision { get; init; }
}

/// <summary>
/// Draws the codes of images from classes. Immutable once loaded; several threads may use one at the same time.
/// </summary>
public sealed class ImageGenerator : IDisposable
{
    private readonly ITokenModel _tokens;

    internal ImageGenerator(ITokenModel tokens, string modelHash, ClassNames? classes)
    {
        _tokens = tokens;
        ModelHash = modelHash;
        Classes = classes;
    }

    /// <summary>The architecture.</summary>
    public GeneratorConfig Config => _tokens.Config;

    /// <summary>32 hexadecimal digits that identify the weights.</summary>
    public string ModelHash { get; }

    /// <summary>The classes' names; null where they have numbers only.</summary>
    public ClassNames? Classes { get; }

    /// <summary>Loads a model folder.</summary>
    /// <param name="folder">A generator's folder, or a pipeline's with one inside.</param>
    /// <param name="options">How; null for float32 on the CPU.</param>
    /// <exception cref="HitaException">The folder holds no generator, or its weights do not fit its configuration.</exception>
    public static ImageGenerator Load(string folder, GeneratorOptions? options = null)
    {
        var found = GeneratorFolder.Find(folder);
        var config = GeneratorFolder.ReadConfig(found);
        var model = Build(config, options);
        try
        {
            using var source = ModelFolder.OpenWeights(found);
            StrictLoader.Load(source, model.Parameters(), GeneratorNames.ForLoading(config));
            return new ImageGenerator(new TorchTokenModel(model), WeightFingerprint.Of(source), ClassNames.For(found, config.ClassCount));
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>A generator with fresh weights, as training starts from; its output is uniform.</summary>
    /// <param name="config">The architecture.</param>
    /// <param name="seed">The same seed gives the same weights.</param>
    /// <param name="options">How; null for float32 on the CPU.</param>
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
        var model = Build(config, options);
        model.FillByName(prefix);
        return Wrap(model);
    }

    /// <summary>The classes of a list of numbers and, where the classes have any, names.</summary>
    /// <param name="text">For example <c>207,giant panda</c>.</param>
    /// <exception cref="HitaException">An entry is not one class of this generator.</exception>
    public IReadOnlyList<int> FindClasses(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (Classes is not null)
            return Classes.FindAll(text);
        return
        [
            .. text.Split(',', StringSplitOptions.TrimEntries).Select(entry =>
                int.TryParse(entry, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number < Config.ClassCount
                    ? number
                    : throw new HitaException($"'{entry}' is no class of this generator, whose classes have no names: give a number from 0 to {Config.ClassCount - 1}.")),
        ];
    }

    /// <summary>A class's usual name, or its number as text where it has none.</summary>
    /// <param name="number">0 to <see cref="GeneratorConfig.ClassCount"/>, the last standing for no class.</param>
    public string NameOf(int number) =>
        number == Config.ClassCount ? "no class" : Classes?[number] ?? number.ToString(CultureInfo.InvariantCulture);

    /// <summary>Draws images.</summary>
    /// <param name="request">What to draw.</param>
    /// <param name="progress">Told after every position of a batch; null for nobody.</param>
    /// <param name="cancellation">Stops between two positions; what a callback has received is whole.</param>
    /// <param name="onBatch">Given each batch as soon as it is drawn, with the index of its first image; null for nobody.</param>
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
        if (Classes is not null && Classes != ImageNetClasses.Names)
            Classes.Write(Path.Combine(writer.StagingFolder, ClassNames.FileName));
        writer.Complete();
    }

    private static GeneratorModel Build(GeneratorConfig config, GeneratorOptions? options)
    {
        options ??= new GeneratorOptions();
        return new GeneratorModel(config, Placement.For(options.Device, options.Precision));
    }

    private static ImageGenerator Wrap(GeneratorModel model) =>
        new(new TorchTokenModel(model), WeightFingerprint.Of(model.Parameters()), ClassNames.For(null, model.Config.ClassCount));

    private ImageCodes ToCodes(ReadOnlySpan<int> tokens)
    {
        var patches = new int[Config.PatchTokenCount];
        tokens[Config.HolisticTokenCount..].CopyTo(patches);
        return new ImageCodes(tokens[..Config.HolisticTokenCount].ToArray(), patches, Config.GridHeight, Config.GridWidth);
    }
}
