using Hita.Editing;
using Hita.Runtime;
using Hita.Server.Jobs;

namespace Hita.Server.Operations;

/// <summary>Generates images that share one kind of codes with an image.</summary>
/// <param name="image">The image.</param>
/// <param name="keep">Which codes stay.</param>
/// <param name="count">How many, 1 or more.</param>
/// <param name="sampling">Class, seed and settings of the sampling.</param>
public sealed class VaryTask(InputImage image, VariationKeep keep, int count, EditSamplingOptions sampling) : EditTask
{
    /// <inheritdoc/>
    public override string Kind => "vary";

    /// <inheritdoc/>
    public override int Images => count;

    /// <inheritdoc/>
    public override long InputBytes => image.Bytes;

    /// <inheritdoc/>
    public override void Check(ServedModel model)
    {
        sampling.Sampling.Validate();
        NeedsEncoder.Check(model);
    }

    internal override IReadOnlyList<JobResult> Run(ServedModel model, EditContext context)
    {
        var made = new Variations(model.Pipeline, context.Sampler).Generate(
            image.Image, keep, count, sampling, new DirectProgress<EditProgress>(p => context.Report(p.Done, p.Total)), context.Cancellation);
        return
        [
            .. made.Select(v => EditRecord.Result(
                "image", v.Image, Kind, model, generated: true, [image], new Settings(keep, v.Number, sampling),
                new Dictionary<string, object?> { ["seed"] = sampling.Seed, ["image"] = v.Number, ["log_likelihood"] = v.LogLikelihood })),
        ];
    }

    private sealed record Settings(VariationKeep Keep, long Number, EditSamplingOptions Sampling);
}
