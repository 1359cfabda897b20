using Hita.Editing;
using Hita.Server.Jobs;

namespace Hita.Server.Operations;

/// <summary>Renders one image in the style of another.</summary>
/// <param name="content">The image to keep.</param>
/// <param name="style">The image to take the style of.</param>
/// <param name="options">How.</param>
/// <param name="wholeShape">Whether all of the content is worked on, instead of its largest centre square.</param>
public sealed class StyleTask(InputImage content, InputImage style, StyleOptions options, bool wholeShape) : EditTask
{
    /// <inheritdoc/>
    public override string Kind => "style";

    /// <inheritdoc/>
    public override long InputBytes => content.Bytes + style.Bytes;

    /// <inheritdoc/>
    public override void Check(ServedModel model)
    {
        options.Validate();
        NeedsEncoder.Check(model);
    }

    internal override IReadOnlyList<JobResult> Run(ServedModel model, EditContext context)
    {
        var image = new StyleTransfer(model.Pipeline.Tokenizer).Apply(content.Image, style.Image, options, wholeShape, context.Cancellation);
        return [EditRecord.Result("image", image, Kind, model, generated: false, [content, style], new Settings(options, wholeShape))];
    }

    private sealed record Settings(StyleOptions Options, bool WholeShape);
}
