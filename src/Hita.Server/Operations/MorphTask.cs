using Hita.Editing;
using Hita.Imaging;
using Hita.Runtime;
using Hita.Server.Jobs;

namespace Hita.Server.Operations;

/// <summary>Morphs one image into another: an animated WebP, and a strip of stills.</summary>
/// <param name="from">The start.</param>
/// <param name="to">The end.</param>
/// <param name="options">How.</param>
/// <param name="back">Whether the animation runs back to its start.</param>
/// <param name="milliseconds">How long each frame is shown.</param>
public sealed class MorphTask(InputImage from, InputImage to, MorphOptions options, bool back, int milliseconds) : EditTask
{
    private const int LongestStrip = 12;

    /// <inheritdoc/>
    public override string Kind => "morph";

    /// <inheritdoc/>
    public override long InputBytes => from.Bytes + to.Bytes;

    /// <inheritdoc/>
    public override void Check(ServedModel model)
    {
        options.Validate();
        if (milliseconds is < 1 or > AnimatedWebp.LongestFrame)
            throw new HitaException($"A frame cannot be shown for {milliseconds} milliseconds; 1 to {AnimatedWebp.LongestFrame} are possible.");
        NeedsEncoder.Check(model);
    }

    internal override IReadOnlyList<JobResult> Run(ServedModel model, EditContext context)
    {
        var frames = new ImageMorph(model.Pipeline.Tokenizer).Render(
            from.Image, to.Image, options, new DirectProgress<EditProgress>(p => context.Report(p.Done, p.Total)), context.Cancellation);
        IReadOnlyList<Image> shown = back ? [.. frames, .. frames.Reverse().Skip(1).SkipLast(1)] : frames;
        using var file = new MemoryStream();
        AnimatedWebp.Write(shown, file, milliseconds);
        var count = Math.Min(frames.Count, LongestStrip);
        var strip = ImageGrid.SideBySide([.. Enumerable.Range(0, count).Select(i => frames[(int)Math.Round(i * (frames.Count - 1.0) / (count - 1))])]);
        return
        [
            new JobResult { Name = "animation", Data = file.ToArray(), ContentType = "image/webp", Facts = new Dictionary<string, object?> { ["frames"] = shown.Count } },
            EditRecord.Result("strip", strip, Kind, model, generated: false, [from, to], options),
        ];
    }
}
