using Hita.Checkpoints;
using Hita.Imaging;
using Hita.Layers;
using Hita.Runtime;
using Hita.Tokenization.Model;
using static TorchSharp.torch;

namespace Hita.Tokenization;

/// <summary>How a tokenizer is loaded.</summary>
public sealed record TokenizerOptions
{
    /// <summary>Load only what turns codes into images: a quarter of the memory, no semantic encoder. Default false.</summary>
    public bool DecoderOnly { get; init; }

    /// <summary>The device, see <see cref="Compute.Device"/>. Default <c>cpu</c>.</summary>
    public string Device { get; init; } = "cpu";

    /// <summary>
    /// The weights' type: float32 or bfloat16, which takes about half the time on processors with bfloat16 instructions, longer on
    /// others, and images come out nearly the same. Default float32.
    /// </summary>
    public Precision Precision { get; init; }

    /// <summary>
    /// The type of the weights that turn images into codes: float32 or bfloat16, which takes about half the time on processors with
    /// bfloat16 instructions, and gives other codes where two are about equally near. Null takes <see cref="Precision"/>. Default null.
    /// </summary>
    public Precision? EncoderPrecision { get; init; }
}

/// <summary>
/// Turns images into codes and codes into images. Immutable once loaded; several threads may use one at the same time.
/// </summary>
public sealed partial class ImageTokenizer : IDisposable
{
    private readonly TokenizerModel _model;
    private readonly Placement _placement;

    internal ImageTokenizer(TokenizerModel model, Placement placement, string modelHash, Precision? encoderPrecision = null)
    {
        _model = model;
        _placement = placement;
        EncoderPrecision = encoderPrecision ?? Precision;
        ModelHash = modelHash;
    }

    /// <summary>The architecture.</summary>
    public TokenizerConfig Config => _model.Config;

    /// <summary>32 hexadecimal digits that identify the weights; codes carry it so that a foreign model can be told.</summary>
    public string ModelHash { get; }

    /// <summary>The type of the weights in memory: float32 or bfloat16.</summary>
    public Precision Precision => _placement.Type == ScalarType.BFloat16 ? Precision.BFloat16 : Precision.Float32;

    /// <summary>The type of the weights that turn images into codes: float32 or bfloat16.</summary>
    public Precision EncoderPrecision { get; }

    /// <summary>Whether images can be encoded, or codes decoded only.</summary>
    public bool CanEncode => _model.CanEncode;

    /// <summary>Learned values that are in memory.</summary>
    public long ParameterCount => _model.ParameterCount();

    internal TokenizerModel Model => _model;

    /// <summary>The patch code that says least: the entry nearest to the mean of the codebook.</summary>
    internal int MiddlePatchCode => _model.PatchQuantizer.Middle();

    /// <summary>Loads a model folder.</summary>
    /// <param name="folder">A tokenizer's folder, or a pipeline's with one inside.</param>
    /// <param name="options">How; null for everything in float32 on the CPU.</param>
    /// <exception cref="HitaException">The folder holds no tokenizer, or its weights do not fit its configuration.</exception>
    public static ImageTokenizer Load(string folder, TokenizerOptions? options = null) => LoadFrom(TokenizerFolder.Open(folder), options);

    /// <summary>Loads a model folder whose configuration has been read.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="options">How; null for everything in float32 on the CPU.</param>
    /// <param name="progress">Told about bytes as they are read; may be null.</param>
    /// <param name="cancellation">Stops between two tensors.</param>
    /// <exception cref="HitaException">The weights do not fit the configuration.</exception>
    internal static ImageTokenizer LoadFrom(
        TokenizerFolder folder, TokenizerOptions? options = null, IProgress<LoadProgress>? progress = null, CancellationToken cancellation = default)
    {
        options ??= new TokenizerOptions();
        var config = folder.Config;
        using var source = WatchedTensors.Of(ModelFolder.OpenWeights(folder.Path), Readings, progress, cancellation);
        var loading = TokenizerTensorNames.ForLoading(!options.DecoderOnly, source.Tensors, config);
        ShapeFit.Check(source, TokenizerShapes.Of(config, Parts(options)), loading);
        var (model, placement) = Build(config, options);
        try
        {
            var report = StrictLoader.Load(source, model.Parameters(), loading, progress: null, cancellation);
            if (report.LeftAsIs.Count > 0)
                SemanticWeights.Load(model);
            var loaded = new ImageTokenizer(model, placement, WeightFingerprint.Of(source, TokenizerTensorNames.IsIdentifying), options.EncoderPrecision);
            WatchedTensors.Complete(source);
            return loaded;
        }
        catch
        {
            model.Dispose();
            throw;
        }

        // Checked and copied.
        int Readings(string name) => options.DecoderOnly && !TokenizerTensorNames.IsIdentifying(name) ? 0 : 2;
    }

    /// <summary>A tokenizer with fresh weights, as training starts from.</summary>
    /// <param name="config">The architecture.</param>
    /// <param name="seed">The same seed gives the same weights.</param>
    /// <param name="options">How; null for everything in float32 on the CPU.</param>
    public static ImageTokenizer Create(TokenizerConfig config, ulong seed, TokenizerOptions? options = null)
    {
        options ??= new TokenizerOptions();
        var (model, placement) = Build(config, options);
        TokenizerInitializer.Initialize(model, seed);
        return new ImageTokenizer(model, placement, WeightFingerprint.Of(model.Parameters(), TokenizerTensorNames.IsIdentifying), options.EncoderPrecision);
    }

    /// <summary>A tokenizer whose weights are filled from their names, to compare implementations without a file.</summary>
    /// <param name="config">The architecture.</param>
    /// <param name="prefix">Put before every tensor's full name.</param>
    /// <param name="options">How; null for everything in float32 on the CPU.</param>
    public static ImageTokenizer CreateByName(TokenizerConfig config, string prefix = "", TokenizerOptions? options = null)
    {
        options ??= new TokenizerOptions();
        var (model, placement) = Build(config, options);
        model.FillByName(prefix, TokenizerInitializer.IsCodebook);
        return new ImageTokenizer(model, placement, HashByName(model, prefix), options.EncoderPrecision);
    }

    /// <summary>Writes a model folder.</summary>
    /// <param name="folder">The folder; it must not exist, or hold a model that is replaced.</param>
    /// <exception cref="HitaException">The folder cannot be written, or the tokenizer was loaded for decoding only.</exception>
    public void Save(string folder)
    {
        if (!CanEncode)
            throw new HitaException("A tokenizer that was loaded for decoding only has no encoder to save; load it whole first.");
        ModelFolder.Write(folder, ConfigJson.Write(Config), SemanticWeights.Stored(_model));
    }

    /// <summary>Encodes images. Images of one size are encoded together.</summary>
    /// <param name="images">RGB images whose sides are multiples of the patch; see <see cref="ImageFit"/>.</param>
    /// <param name="batchSize">Images encoded together at most.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <returns>Codes in the images' order.</returns>
    /// <exception cref="HitaException">A size does not fit, or the tokenizer was loaded for decoding only.</exception>
    public IReadOnlyList<ImageCodes> Encode(IReadOnlyList<Image> images, int batchSize = 4, CancellationToken cancellation = default) =>
        EncodeAll(images, batchSize, progress: null, cancellation);

    private ImageCodes[] EncodeAll(IReadOnlyList<Image> images, int batchSize, IProgress<int>? progress, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        if (!CanEncode)
            throw new HitaException("This tokenizer was loaded for decoding only; load it whole to encode images.");
        foreach (var image in images)
            ImageShape.Check(image.Height, image.Width, Config);
        var codes = new ImageCodes[images.Count];
        var done = 0;
        foreach (var batch in Batches(images, static p => (p.Height, p.Width), batchSize))
        {
            cancellation.ThrowIfCancellationRequested();
            EncodeBatch(batch.Select(i => images[i]).ToList(), (i, c) => codes[batch[i]] = c);
            progress?.Report(done += batch.Length);
        }
        return codes;
    }

    /// <summary>Decodes codes. Images of one grid are decoded together.</summary>
    /// <param name="codes">The codes.</param>
    /// <param name="batchSize">Images decoded together at most.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <returns>Images in the codes' order.</returns>
    /// <exception cref="HitaException">The codes come from another model.</exception>
    public IReadOnlyList<Image> Decode(IReadOnlyList<ImageCodes> codes, int batchSize = 4, CancellationToken cancellation = default) =>
        DecodeAll(codes, batchSize, progress: null, cancellation);

    private Image[] DecodeAll(IReadOnlyList<ImageCodes> codes, int batchSize, IProgress<int>? progress, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(codes);
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        foreach (var image in codes)
            image.CheckFor(Config);
        var images = new Image[codes.Count];
        var done = 0;
        foreach (var batch in Batches(codes, static c => (c.GridHeight, c.GridWidth), batchSize))
        {
            cancellation.ThrowIfCancellationRequested();
            DecodeBatch(batch.Select(i => codes[i]).ToList(), (i, p) => images[batch[i]] = p);
            progress?.Report(done += batch.Length);
        }
        return images;
    }

    /// <summary>Encodes an image and decodes the codes again.</summary>
    /// <param name="image">An RGB image whose sides are multiples of the patch.</param>
    /// <returns>The codes, and the image they decode to.</returns>
    /// <exception cref="HitaException">The size does not fit, or the tokenizer was loaded for decoding only.</exception>
    public (ImageCodes Codes, Image Image) Reconstruct(Image image)
    {
        var codes = Encode([image])[0];
        return (codes, Decode([codes])[0]);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _model.Dispose();
        MemoryReuse.GiveBack();
    }

    // The weights are the same in whatever type they are kept, so the float32 ones identify the model.
    private static string HashByName(TokenizerModel model, string prefix)
    {
        if (model.PatchQuantizer.Type == ScalarType.Float32)
            return WeightFingerprint.Of(model.Parameters(), TokenizerTensorNames.IsIdentifying);
        using var exact = new TokenizerModel(model.Config, TokenizerParts.Decoder, Placement.Cpu);
        exact.FillByName(prefix, TokenizerInitializer.IsCodebook);
        return WeightFingerprint.Of(exact.Parameters(), TokenizerTensorNames.IsIdentifying);
    }

    private static TokenizerParts Parts(TokenizerOptions options) => options.DecoderOnly ? TokenizerParts.Decoder : TokenizerParts.All;

    private static (TokenizerModel Model, Placement Placement) Build(TokenizerConfig config, TokenizerOptions options)
    {
        var placement = Placement.For(options.Device, options.Precision);
        var encoding = options.EncoderPrecision is { } precision ? Placement.For(options.Device, precision).Type : placement.Type;
        return (new TokenizerModel(config, Parts(options), placement, encoding: encoding), placement);
    }

    private void EncodeBatch(List<Image> images, Action<int, ImageCodes> store)
    {
        using var memory = MemoryReuse.Begin();
        using var inference = inference_mode();
        using var scope = NewDisposeScope();
        var input = ImageTensors.ToTensor(images).to(_placement.Device);
        var (holistic, patches) = _model.Quantize(_model.Features(input));
        var (rows, columns) = ImageShape.Check(images[0].Height, images[0].Width, Config);
        int[] holisticCodes = holistic?.ToInts() ?? [], patchCodes = patches.ToInts();
        int m = Config.HolisticTokenCount, n = rows * columns;
        for (var i = 0; i < images.Count; i++)
            store(i, new ImageCodes(holisticCodes[(i * m)..((i + 1) * m)], patchCodes[(i * n)..((i + 1) * n)], rows, columns));
    }

    private void DecodeBatch(List<ImageCodes> codes, Action<int, Image> store)
    {
        using var memory = MemoryReuse.Begin();
        using var inference = inference_mode();
        using var scope = NewDisposeScope();
        int rows = codes[0].GridHeight, columns = codes[0].GridWidth;
        var patches = Codes(codes.SelectMany(static c => c.Patches), rows * columns);
        var holistic = Config.Holistic is null ? null : Codes(codes.SelectMany(static c => c.Holistic), Config.HolisticTokenCount);
        var (holisticVectors, patchVectors) = _model.Dequantize(holistic, patches, rows, columns);
        var images = ImageTensors.ToImages(_model.Decode(_model.Fuse(holisticVectors, patchVectors)).to(ScalarType.Float32).cpu());
        for (var i = 0; i < images.Length; i++)
            store(i, images[i]);

        Tensor Codes(IEnumerable<int> values, int width) =>
            TensorOps.FromInts([.. values], codes.Count, width).to(_placement.Device);
    }

    private static IEnumerable<int[]> Batches<T, TKey>(IReadOnlyList<T> items, Func<T, TKey> key, int batchSize) =>
        Enumerable.Range(0, items.Count).GroupBy(i => key(items[i])).SelectMany(g => g.Chunk(batchSize));
}
