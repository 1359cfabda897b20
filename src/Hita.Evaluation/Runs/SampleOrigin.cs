using System.Text.Json;
using Hita.Evaluation.Protocols;
using Hita.Evaluation.Reports;
using Hita.Generation;
using Hita.Models;
using Hita.Runtime;
using Hita.Tokenization.Model;

namespace Hita.Evaluation.Runs;

/// <summary>Where samples come from.</summary>
public abstract class SampleOrigin
{
    /// <summary>What they are, for reports.</summary>
    public abstract string Description { get; }

    /// <summary>How many there are.</summary>
    public abstract int Count { get; }

    /// <summary>The kind of evaluation.</summary>
    public abstract EvaluationKind Kind { get; }

    /// <summary>The models that make them.</summary>
    public virtual IReadOnlyList<MeasuredModel> Models => [];

    /// <summary>What else they depend on.</summary>
    public virtual IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>();

    /// <summary>The tokenizer whose codes they are decoded from; null where there is none.</summary>
    public virtual TokenizerConfig? Tokenizer => null;

    /// <summary>Classes of the generator that makes them; 0 where there is none.</summary>
    public virtual int ClassCount => 0;

    /// <summary>Makes samples, in order, from any place on; the same ones every time.</summary>
    /// <param name="first">The first one.</param>
    /// <param name="batchSize">Images at once.</param>
    /// <param name="cancellation">Stops before the next batch.</param>
    /// <exception cref="HitaException">A sample cannot be made.</exception>
    public abstract IEnumerable<EvaluationBatch> Read(int first, int batchSize, CancellationToken cancellation);

    /// <summary>Samples that exist as images.</summary>
    /// <param name="images">The images, at the size they are measured at.</param>
    public static SampleOrigin From(ImageSeries images) => new SeriesOrigin(images);

    private sealed class SeriesOrigin(ImageSeries images) : SampleOrigin
    {
        public override string Description => images.Description;

        public override int Count => images.Count;

        public override EvaluationKind Kind => EvaluationKind.Archive;

        public override IEnumerable<EvaluationBatch> Read(int first, int batchSize, CancellationToken cancellation) =>
            images.Read(first, batchSize, cancellation);
    }
}

/// <summary>Samples that a pipeline makes, with the classes that a protocol asks for.</summary>
public sealed class GeneratorOrigin : SampleOrigin
{
    private static readonly JsonSerializerOptions OneLine = new(ConfigJson.Options) { WriteIndented = false };

    private readonly ImagePipeline _pipeline;
    private readonly GenerationRequest _request;
    private readonly SampleDecoder _decoder;
    private readonly int[] _classes;

    /// <summary>Prepares samples; none is made yet.</summary>
    /// <param name="pipeline">The pipeline; it must outlive the origin.</param>
    /// <param name="name">What the pipeline was opened by, for the report.</param>
    /// <param name="protocol">Says which classes and how images are resized.</param>
    /// <param name="count">Samples, 1 or more.</param>
    /// <param name="request">Seed, sampling, batch size; its classes are not used.</param>
    /// <param name="kind">The kind of evaluation they are for.</param>
    /// <exception cref="ConfigException">The request does not fit the generator.</exception>
    public GeneratorOrigin(
        ImagePipeline pipeline, string name, EvaluationProtocol protocol, int count, GenerationRequest request,
        EvaluationKind kind = EvaluationKind.Generation)
    {
        ArgumentNullException.ThrowIfNull(pipeline);
        ArgumentNullException.ThrowIfNull(request);
        _pipeline = pipeline;
        _classes = LabelPlan.Create(protocol, count, pipeline.Generator.Config.ClassCount);
        var unseen = pipeline.Generator.Config.UnseenPatchesOf(pipeline.Tokenizer.Config);
        _request = request with { Classes = [0], UnseenPatches = unseen };
        _request.Validate(pipeline.Generator.Config);
        _decoder = new SampleDecoder(pipeline.Tokenizer, protocol);
        Kind = kind;
        Models = [new MeasuredModel("generator", name, pipeline.Generator.ModelHash), new MeasuredModel("tokenizer", name, pipeline.Tokenizer.ModelHash)];
        Settings = new Dictionary<string, string>
        {
            ["seed"] = request.Seed.ToString(System.Globalization.CultureInfo.InvariantCulture),
            ["first_image"] = request.FirstImage.ToString(System.Globalization.CultureInfo.InvariantCulture),
            ["boundary"] = Name(request.Boundary),
            ["precision"] = Name(pipeline.Generator.Precision),
            ["decoder_precision"] = Name(pipeline.Tokenizer.Precision),
            ["sampling"] = JsonSerializer.Serialize(request.Sampling, OneLine),
        };
        Description = $"{count} samples of {name}";
    }

    /// <inheritdoc/>
    public override string Description { get; }

    /// <inheritdoc/>
    public override int Count => _classes.Length;

    /// <inheritdoc/>
    public override int ClassCount => _pipeline.Generator.Config.ClassCount;

    /// <inheritdoc/>
    public override EvaluationKind Kind { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<MeasuredModel> Models { get; }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, string> Settings { get; }

    /// <inheritdoc/>
    public override TokenizerConfig? Tokenizer => _pipeline.Tokenizer.Config;

    // As it is written in files.
    private static string Name<T>(T value)
        where T : struct, Enum =>
        JsonSerializer.Serialize(value, ConfigJson.Options).Trim('"');

    /// <inheritdoc/>
    public override IEnumerable<EvaluationBatch> Read(int first, int batchSize, CancellationToken cancellation)
    {
        while (first < Count)
        {
            var classes = _classes[first..Math.Min(Count, first + _request.BatchSize)];
            // An image is a function of its number alone, so that it does not matter where a run was taken up.
            var codes = _pipeline.Generator.Generate(
                _request with { Classes = classes, FirstImage = _request.FirstImage + first }, cancellation: cancellation);
            for (var at = 0; at < codes.Count; at += batchSize)
            {
                cancellation.ThrowIfCancellationRequested();
                var part = codes.Skip(at).Take(batchSize).ToList();
                yield return new EvaluationBatch { Images = _decoder.Decode(part), Codes = part, Classes = classes[at..(at + part.Count)] };
            }
            first += classes.Length;
        }
    }
}
