using Hita.Imaging;
using Hita.Models;
using Hita.Runtime;
using Hita.Server.Jobs;

namespace Hita.Server.Operations;

/// <summary>Makes a generated image again from the settings that it carries, and compares.</summary>
/// <param name="name">What to call the image in messages.</param>
/// <param name="settings">What it carries.</param>
/// <param name="before">The image.</param>
public sealed class ReplayTask(string name, ImageSettings settings, Image before) : ImageTask
{
    /// <inheritdoc/>
    public override string Kind => "replay";

    /// <inheritdoc/>
    public override long InputBytes => before.Pixels.Length;

    /// <summary>Finds the model that made an image among those that are loaded.</summary>
    /// <param name="catalog">The models.</param>
    /// <param name="name">What to call the image in messages.</param>
    /// <param name="settings">What it carries.</param>
    /// <exception cref="HitaException">It is not loaded, or in another precision.</exception>
    public static ServedModel FindModel(ModelCatalog catalog, string name, ImageSettings settings)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(settings);
        // Of several, the one that has everything; the check of the nearest one says what differs.
        var first = catalog.Find(null);
        var near = catalog.Models.OrderByDescending(m => Likeness(m.Pipeline, settings)).FirstOrDefault() ?? first;
        ImageReplay.CheckModels(name, settings, near.Pipeline);
        return near;
    }

    /// <inheritdoc/>
    public override void Check(ServedModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        ImageReplay.CheckModels(name, settings, model.Pipeline);
        try
        {
            settings.ToRequest().Validate(model.Pipeline.Generator.Config);
        }
        catch (ConfigException e)
        {
            throw new ImageException(name, $"The settings it carries do not fit their model: {string.Join("; ", e.Faults)}.", e);
        }
    }

    internal override async Task<IReadOnlyList<JobResult>> RunAsync(ServedModel model, JobContext context)
    {
        var made = await model.Host.GenerateAsync(
            new HostedImageRequest { Class = settings.Class, Seed = settings.Seed, Image = settings.Image, Sampling = settings.Sampling, Boundary = settings.Boundary },
            new DirectProgress<HostedImageProgress>(p =>
            {
                context.Begin();
                context.Report(p.Tokens, p.TotalTokens);
            }),
            context.Cancellation).ConfigureAwait(false);
        var again = ImageReplay.Compare(name, settings, before, made);
        var request = settings.ToRequest();
        return
        [
            new JobResult
            {
                Name = "image",
                Image = made.Image,
                Text = new Dictionary<string, string> { [ImageSettings.Keyword] = model.Pipeline.SettingsOf(request, made with { Index = 0 }).ToText() },
                Facts = new Dictionary<string, object?>
                {
                    ["identical"] = again.Identical,
                    ["same_codes"] = again.SameCodes,
                    ["changed_pixels"] = again.ChangedPixels,
                    ["largest_difference"] = again.LargestDifference,
                    ["class"] = settings.Class,
                    ["seed"] = settings.Seed,
                    ["image"] = settings.Image,
                },
            },
        ];
    }

    private static int Likeness(ImagePipeline pipeline, ImageSettings settings) =>
        (pipeline.Generator.ModelHash == settings.Generator ? 8 : 0) +
        (pipeline.Tokenizer.ModelHash == settings.Tokenizer ? 4 : 0) +
        (pipeline.Generator.Precision == settings.Precision ? 2 : 0) +
        (pipeline.Tokenizer.Precision == settings.DecoderPrecision ? 1 : 0);
}
