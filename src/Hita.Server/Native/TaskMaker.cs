using Hita.Editing;
using Hita.Generation;
using Hita.Imaging;
using Hita.Models;
using Hita.Runtime;
using Hita.Server.Jobs;
using Hita.Server.Operations;
using Hita.Server.Requests;
using Hita.Server.Settings;
using Hita.Tokenization;

namespace Hita.Server.Native;

/// <summary>Makes tasks of requests, within the server's limits.</summary>
/// <param name="catalog">The models.</param>
/// <param name="options">The limits.</param>
internal sealed class TaskMaker(ModelCatalog catalog, HitaServerOptions options)
{
    public const int MaxPreviews = 8;
    private const int MaxFrames = 1000;
    private const int LongestClasses = 4000;

    public (ImageTask Task, ServedModel Model) Make(GenerateFields fields)
    {
        var model = catalog.Find(fields.Model, fields.Precision);
        var classes = ClassesOf(model.Classes, fields.Class, "class");
        CheckCount(fields.Count, "count");
        if ((long)classes.Count * fields.Count > options.MaxImages)
            throw ApiException.Invalid("count", $"This asks for {(long)classes.Count * fields.Count} images, and a request may ask for {options.MaxImages}.");
        if (fields.Previews is < 0 or > MaxPreviews)
            throw ApiException.Invalid("previews", $"{fields.Previews} previews are not possible; 0 to {MaxPreviews} are.");
        return (new GenerateTask
        {
            Classes = [.. classes.SelectMany(c => Enumerable.Repeat(c, fields.Count))],
            Seed = SamplingFields.SeedOf(fields.Seed),
            FirstImage = fields.FirstImage,
            Sampling = fields.SamplingOver(model.Pipeline.Generator.Sampling),
            Boundary = fields.Boundary,
            Previews = fields.Previews,
        }, model);
    }

    public (ImageTask Task, ServedModel Model) Make(ReplayFields fields)
    {
        ImageSettings settings;
        try
        {
            settings = ImageSettings.Read(fields.Image.Bytes, "image");
        }
        catch (ImageException e)
        {
            throw new ApiException(400, "no_settings", e.Message, "image");
        }
        var model = ReplayTask.FindModel(catalog, "image", settings);
        return (new ReplayTask("image", settings, fields.Image.Decode("image", options.MaxPixels)), model);
    }

    public (ImageTask Task, ServedModel Model) Make(EncodeFields fields, bool reconstruct)
    {
        var model = catalog.Find(fields.Model, fields.Precision);
        if ((long)(fields.Width ?? 1) * (fields.Height ?? 1) > options.MaxPixels)
            throw ApiException.Invalid("width", $"Images may have {options.MaxPixels} pixels here.");
        return (new EncodeTask(Input(fields.Image, "image"), new ImageFitting(fields.Width, fields.Height, fields.Fit), reconstruct), model);
    }

    public (ImageTask Task, ServedModel Model) Make(DecodeFields fields)
    {
        var model = catalog.Find(fields.Model, fields.Precision);
        if (fields.GridHeight < 1 || fields.GridWidth < 1 || fields.Patches.Count != (long)fields.GridHeight * fields.GridWidth)
            throw ApiException.Invalid("patches", $"{fields.Patches.Count} patch codes do not fill a grid of {fields.GridHeight} × {fields.GridWidth}.");
        return (new DecodeTask(new ImageCodes(fields.Holistic, fields.Patches, fields.GridHeight, fields.GridWidth), fields.Tokenizer), model);
    }

    public (ImageTask Task, ServedModel Model) Make(StyleFields fields)
    {
        var model = catalog.Find(fields.Model, fields.Precision);
        return (new StyleTask(Input(fields.Content, "content"), Input(fields.Style, "style"), fields.Options.Validate(), fields.WholeShape), model);
    }

    public (ImageTask Task, ServedModel Model) Make(VaryFields fields)
    {
        var model = catalog.Find(fields.Model, fields.Precision);
        CheckCount(fields.Count, "count");
        return (new VaryTask(Input(fields.Image, "image"), fields.Keep, fields.Count, Sampling(fields, model, fields.Class)), model);
    }

    public (ImageTask Task, ServedModel Model) Make(MorphFields fields)
    {
        var model = catalog.Find(fields.Model, fields.Precision);
        if (fields.Frames is < 2 or > MaxFrames)
            throw ApiException.Invalid("frames", $"{fields.Frames} frames are not possible; 2 to {MaxFrames} are.");
        var how = new MorphOptions { Frames = fields.Frames, Patches = fields.Patches, Quantize = fields.Quantize };
        return (new MorphTask(Input(fields.From, "from"), Input(fields.To, "to"), how, fields.Back, fields.Milliseconds), model);
    }

    public (ImageTask Task, ServedModel Model) Make(InpaintFields fields)
    {
        var model = catalog.Find(fields.Model, fields.Precision);
        if ((fields.Mask is null ? 0 : 1) + (fields.Box is null ? 0 : 1) + (fields.LowerHalf ? 1 : 0) != 1)
            throw ApiException.Invalid("mask", "What is to be regenerated must be said by one of mask, box and lower_half.");
        var image = Input(fields.Image, "image");
        var how = fields.Options(Sampling(fields, model, fields.Class));
        if (fields.Mask is { } upload)
        {
            var mask = upload.DecodeMask("mask", options.MaxPixels);
            return (InpaintTask.Fill(image, mask.Mask, Input(upload, "mask"), how), model);
        }
        var marked = fields.Box is { } box
            ? ImageMask.Box(image.Image.Width, image.Image.Height, BoxOf(box))
            : ImageMask.LowerHalf(image.Image.Width, image.Image.Height);
        return (InpaintTask.Fill(image, marked, null, how), model);
    }

    public (ImageTask Task, ServedModel Model) Make(OutpaintFields fields)
    {
        var model = catalog.Find(fields.Model, fields.Precision);
        var image = Input(fields.Image, "image");
        var (width, height) = ((long)image.Image.Width + fields.Left + fields.Right, (long)image.Image.Height + fields.Top + fields.Bottom);
        if (width is > 0 and <= int.MaxValue && height is > 0 and <= int.MaxValue && width * height > options.MaxPixels)
            throw ApiException.Invalid("left", $"The image would have {width}×{height} pixels, and {options.MaxPixels} are possible here.");
        var how = fields.Options(Sampling(fields, model, fields.Class));
        return (InpaintTask.Extend(image, new Margins(fields.Left, fields.Top, fields.Right, fields.Bottom), how), model);
    }

    public (ImageTask Task, ServedModel Model) Make(EditClassFields fields)
    {
        var model = catalog.Find(fields.Model, fields.Precision);
        if (fields.Class is null)
            throw ApiException.Invalid("class", "Changing the class of a part needs the new class.");
        return (InpaintTask.EditClass(Input(fields.Image, "image"), BoxOf(fields.Box), fields.Options(Sampling(fields, model, fields.Class))), model);
    }

    public (ImageTask Task, ServedModel Model) Make(ExploreFields fields)
    {
        var model = catalog.Find(fields.Model, fields.Precision);
        var other = fields.SwapWith is { } upload ? Input(upload, "swap_with") : null;
        return (new ExploreTask(Input(fields.Image, "image"), other, fields.Codes is { } codes ? [.. codes.Distinct()] : null), model);
    }

    /// <summary>The classes of a request, by number.</summary>
    public static IReadOnlyList<int> ClassesOf(ClassNames names, ClassWords words, string field)
    {
        // A name that is not there is compared with all that are: that takes its time with texts that are no names.
        if (words.Texts.Sum(static t => (long)t.Length) is > LongestClasses and var length)
            throw ApiException.Invalid(field, $"The classes take {length} characters, {LongestClasses} are possible.");
        try
        {
            var classes = words.Texts.SelectMany(names.FindAll).ToList();
            return classes.Count > 0 ? classes : throw ApiException.Invalid(field, "No class is given.");
        }
        catch (HitaException e) when (e is not ApiException)
        {
            throw new ApiException(400, "class_not_found", PrintableText.Escape(Shortened(e.Message)), field);
        }
    }

    private static EditSamplingOptions Sampling(SamplingFields fields, ServedModel model, ClassWords? words)
    {
        var classes = words is null ? null : ClassesOf(model.Classes, words, "class");
        if (classes is { Count: > 1 })
            throw ApiException.Invalid("class", $"{classes.Count} classes are given, and an edit samples for one.");
        return new EditSamplingOptions
        {
            Class = classes?[0],
            Seed = SamplingFields.SeedOf(fields.Seed),
            FirstImage = fields.FirstImage,
            Sampling = fields.SamplingOver(model.Pipeline.Generator.Sampling),
            Boundary = fields.Boundary,
        };
    }

    private InputImage Input(Upload upload, string field) => new(field, upload.Decode(field, options.MaxPixels));

    private void CheckCount(int count, string field)
    {
        if (count < 1 || count > options.MaxImages)
            throw ApiException.Invalid(field, $"{count} images are not possible; a request may ask for 1 to {options.MaxImages}.");
    }

    private static PixelBox BoxOf(string text)
    {
        try
        {
            return PixelBox.Parse(text);
        }
        catch (HitaException)
        {
            throw ApiException.Invalid("box", "A box is four whole numbers separated by commas: left, top, width, height, as in 80,60,160,160.");
        }
    }

    private static string Shortened(string text) => text.Length <= 500 ? text : text[..500] + "…";
}
