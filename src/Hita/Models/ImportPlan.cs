using System.Globalization;
using Hita.Checkpoints;
using Hita.Checkpoints.Torch;
using Hita.Generation.Model;
using Hita.Runtime;
using Hita.Tokenization.Model;

namespace Hita.Models;

/// <summary>What an import will write, checked completely before anything is written.</summary>
internal sealed class ImportPlan : IDisposable
{
    private readonly List<ImportedTensor> _tensors = [];
    private readonly List<string> _dropped = [];
    private ITensorSource? _semantic;
    private ModelKind _kind;
    private string? _preset;
    private IReadOnlyList<string> _alsoFits = [];
    private bool _canEncode = true;

    private ImportPlan(string path) => Path = path;

    public string Path { get; }

    public IReadOnlyList<ImportedTensor> Tensors => _tensors;

    public string ConfigJson { get; private set; } = "";

    /// <summary>Checks a file against the architecture that was asked for, or that fits.</summary>
    /// <exception cref="HitaException">It does not fit; all faults are listed.</exception>
    public static ImportPlan Create(ITensorSource source, ImportOptions options)
    {
        if (options is { Preset: not null, ConfigFile: not null })
            throw new HitaException("A preset and a configuration file were both given; give one of them.");
        var plan = new ImportPlan(source.Path) { _kind = ModelKinds.Of(source) };
        try
        {
            switch (plan._kind)
            {
                case ModelKind.Tokenizer:
                    plan.PlanTokenizer(source, options);
                    break;
                case ModelKind.Generator:
                    plan.PlanGenerator(source, options);
                    break;
                case ModelKind.SemanticEncoder:
                    throw new CheckpointException(source.Path, "this is a semantic encoder by itself; import a tokenizer and give this file with --semantic-encoder.");
                case ModelKind.ResNet18:
                    throw new CheckpointException(source.Path, "this is a ResNet-18 by itself, which is not a model; 'hita import' without options keeps it where tokenizers find it.");
                case ModelKind.Inception or ModelKind.Vgg16 or ModelKind.LpipsHeads or ModelKind.Dino:
                    throw new CheckpointException(source.Path, "this holds weights of a metric or a loss, not a model; 'hita import' without options stores them where they are found.");
                default:
                    throw new CheckpointException(
                        source.Path, $"this holds neither a tokenizer nor a generator (its {source.Tensors.Count} tensors begin with '{source.Tensors.Keys.FirstOrDefault() ?? "nothing"}').");
            }
            return plan;
        }
        catch
        {
            plan.Dispose();
            throw;
        }
    }

    public ImportReport Report(string hash) => new(
        _kind, _preset, _alsoFits, _tensors.Count, _tensors.Sum(static t => t.Entry.Count), _dropped, _canEncode, hash);

    public void Dispose() => _semantic?.Dispose();

    private void PlanTokenizer(ITensorSource source, ImportOptions options)
    {
        var fitting = TokenizerShapes.Fitting(source.Tensors);
        var config = Chosen(options, TokenizerPresets.TryGet, TokenizerPresets.Names, TokenizerConfig.TypeName, fitting);
        Describe(config.Preset, fitting.Select(static c => c.Preset!), Runtime.ConfigJson.Write(config));

        foreach (var entry in source.Tensors.Values)
            Take(source, entry, TokenizerTensorNames.IsDropped(entry.Name) ? null : entry.Name);
        var shapes = TokenizerShapes.Of(config);
        if (options.SemanticEncoder is { } file)
            AddSemanticEncoder(source, config, shapes, file);
        Check(shapes, source, fitting.Select(static c => c.Preset!), out var missing);
        _canEncode = missing.Count == 0 || config.Holistic?.SemanticEncoder is { IsStored: false };
    }

    private void AddSemanticEncoder(ITensorSource source, TokenizerConfig config, IReadOnlyDictionary<string, long[]> shapes, string file)
    {
        if (config.Holistic?.SemanticEncoder is null)
            throw new CheckpointException(file, $"the tokenizer of {source.Path} uses no semantic encoder, so none can be imported with it.");
        if (ModelKinds.HasSemanticEncoder(source))
            throw new CheckpointException(file, $"{source.Path} holds its semantic encoder already; leave --semantic-encoder out.");
        if (config.Holistic.SemanticEncoder is not Dinov2Config wanted)
            throw new CheckpointException(file, $"the tokenizer of {source.Path} uses {config.Holistic.SemanticEncoder.Description}, which is not stored with it; import that by itself, and leave --semantic-encoder out.");
        _semantic = WeightFile.Open(ModelSchemes.Locate(file) ?? file);
        if (ModelKinds.Of(_semantic) != ModelKind.SemanticEncoder)
            throw new CheckpointException(file, "this is not a semantic encoder: a DINOv2 file as its authors or the transformers library write it is needed.");
        RefuseOtherEncoder(_semantic, wanted, shapes);
        foreach (var entry in _semantic.Tensors.Values)
            Take(_semantic, entry, TokenizerTensorNames.SemanticEncoderPrefix + entry.Name);
    }

    // The likeliest slip is another size of the encoder, or the release without registers: it is told as that.
    private static void RefuseOtherEncoder(ITensorSource encoder, Dinov2Config wanted, IReadOnlyDictionary<string, long[]> shapes)
    {
        var faults = new LoadFaults();
        var given = new HashSet<string>(StringComparer.Ordinal);
        var own = shapes.Where(static s => TokenizerTensorNames.IsSemantic(s.Key))
            .ToDictionary(static s => s.Key[TokenizerTensorNames.SemanticEncoderPrefix.Length..], static s => s.Value, StringComparer.Ordinal);
        foreach (var entry in encoder.Tensors.Values)
            ShapeFit.Compare(entry, entry.Name, own, given, faults);
        faults.Missing.AddRange(own.Keys.Where(name => !encoder.Tensors.ContainsKey(name)));
        if (faults.Count == 0)
            return;
        var width = encoder.Tensors["cls_token"].Shape[^1];
        var registers = encoder.Tensors.TryGetValue("register_tokens", out var tokens) && tokens.Shape.Count == 3 ? tokens.Shape[1] : 0;
        throw new CheckpointException(
            encoder.Path,
            $"this semantic encoder is {width} wide with {registers} registers, the tokenizer needs one {wanted.Width} wide, {wanted.Depth} deep, with {wanted.Registers} registers: {faults.Describe()}.");
    }

    private void PlanGenerator(ITensorSource source, ImportOptions options)
    {
        if (options.SemanticEncoder is not null)
            throw new HitaException($"{source.Path} is a generator, which uses no semantic encoder; leave --semantic-encoder out.");
        var fitting = GeneratorShapes.Fitting(source.Tensors);
        var candidates = options.Preset is null && options.ConfigFile is null ? OfTrainedSize(source, fitting) : fitting;
        var config = Chosen(options, GeneratorPresets.TryGet, GeneratorPresets.Names, GeneratorConfig.TypeName, candidates);
        // A fine-tuned model has its own number of classes, and nothing else tells it.
        if (options.ConfigFile is null && source.Tensors[GeneratorNames.ClassTable] is { Shape: [> 1 and < 1 << 20, _] } table)
            config = config with { ClassCount = (int)table.Shape[0] - 1 };
        Describe(config.Preset, fitting.Select(static c => c.Preset!), Runtime.ConfigJson.Write(config));
        foreach (var entry in source.Tensors.Values)
            Take(source, entry, entry.Name);
        Check(GeneratorShapes.Of(config), source, fitting.Select(static c => c.Preset!), out _);
    }

    // The vanilla family's models for 256 and 384 pixels have the same tensors; only the run's settings tell them apart.
    private static IReadOnlyList<GeneratorConfig> OfTrainedSize(ITensorSource source, IReadOnlyList<GeneratorConfig> fitting)
    {
        if (fitting.Count < 2)
            return fitting;
        const int PatchSize = 16;
        var size = TorchCheckpoint.Of(source)?.Summary.Arguments.GetValueOrDefault("image_size");
        var trained = fitting.Where(c => size == (c.GridWidth * PatchSize).ToString(CultureInfo.InvariantCulture)).ToList();
        return trained.Count == 1
            ? trained
            : throw new CheckpointException(
                source.Path, $"the tensors fit {string.Join(" and ", fitting.Select(static c => $"{c.Preset} ({c.GridWidth * PatchSize} pixels)"))} alike, and the file does not say which; choose with --preset.");
    }

    private delegate bool PresetLookup<T>(string name, out T? config);

    private T Chosen<T>(ImportOptions options, PresetLookup<T> lookup, IReadOnlyCollection<string> names, string type, IReadOnlyList<T> fitting)
        where T : class
    {
        if (options.ConfigFile is { } file)
        {
            var json = File.ReadAllText(file);
            ModelType.Require(json, file, type);
            return Validated(Runtime.ConfigJson.Read<T>(json, file));
        }
        if (options.Preset is { } name)
        {
            return lookup(name, out var config) && config is not null
                ? config
                : throw new HitaException($"There is no {type[5..]} preset '{name}'; there are {string.Join(", ", names)}.");
        }
        return fitting.Count > 0
            ? fitting[0]
            : throw new CheckpointException(
                Path, $"this is a {type[5..]} of no known architecture; describe it with --config FILE, or name the nearest preset with --preset to see how it differs.");
    }

    private static T Validated<T>(T config)
    {
        switch (config)
        {
            case TokenizerConfig tokenizer:
                tokenizer.Validate();
                break;
            case GeneratorConfig generator:
                generator.Validate();
                break;
        }
        return config;
    }

    private void Describe(string? preset, IEnumerable<string> fitting, string configJson)
    {
        _preset = preset;
        _alsoFits = [.. fitting.Where(name => name != preset)];
        ConfigJson = configJson;
    }

    private void Take(ITensorSource source, TensorEntry entry, string? name)
    {
        if (name is null)
            _dropped.Add(entry.Name);
        else
            _tensors.Add(new ImportedTensor(source, entry, name));
    }

    private void Check(IReadOnlyDictionary<string, long[]> shapes, ITensorSource source, IEnumerable<string> fitting, out List<string> missingSemantic)
    {
        var faults = new LoadFaults();
        var given = new HashSet<string>(StringComparer.Ordinal);
        foreach (var tensor in _tensors)
            ShapeFit.Compare(tensor.Entry, tensor.Name, shapes, given, faults);
        var missing = shapes.Keys.Where(name => !given.Contains(name)).ToList();
        // Published tokenizers leave their semantic encoder out; without it they decode. Half of one is a fault.
        missingSemantic = _tensors.Exists(static t => TokenizerTensorNames.IsSemantic(t.Name)) ? [] : missing.FindAll(TokenizerTensorNames.IsSemantic);
        faults.Missing.AddRange(missing.Except(missingSemantic));
        if (faults.Count == 0)
            return;
        if (faults.Missing.Count > 0 && TorchCheckpoint.Of(source) is { Repeating.Count: > 0 } torch)
            throw new CheckpointException(source.Path, $"the weights do not fit: {faults.Describe()}; left out because they repeat a few stored values: {MessageText.Few(torch.Repeating)} (save them after .contiguous()).");
        var others = string.Join(" or ", fitting.Where(name => name != _preset));
        throw new CheckpointException(
            source.Path, $"the weights do not fit the {(_preset is null ? "configuration" : $"preset {_preset}")}: {faults.Describe()}{(others.Length == 0 ? "" : $"; --preset {others} fits")}.");
    }
}
