using System.CommandLine;
using System.Globalization;
using Hita.Cli.Hosting;
using Hita.Imaging;
using Hita.Models;
using Hita.Runtime;
using Hita.Tokenization;
using Hita.Tokenization.Model;

namespace Hita.Cli.Options;

/// <summary>The images that a command was given, the tokenizer they go through, and how they are brought to a size that it takes.</summary>
internal sealed class ImageArguments
{
    private readonly Argument<string[]> _paths = new("IMAGES")
    {
        Description = "Images, or folders of images (JPEG, PNG, WebP, GIF, BMP).",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<string?> _size = new("--size")
    {
        Description = "The size to resize images to: a side in pixels, or WIDTHxHEIGHT; the model's own if left out.",
        HelpName = "SIZE",
    };

    private readonly Option<string> _fit = new("--fit")
    {
        Description = "crop: fill the size and cut off the rest; pad: show all of it with white bars; shape: keep the image's shape at about the size's area.",
        HelpName = "crop|pad|shape",
        DefaultValueFactory = static _ => "crop",
    };

    private readonly Option<string> _model = CommonOptions.Model("The folder of a tokenizer, a pipeline or a training run");
    private readonly Option<string> _precision = CommonOptions.PrecisionOption(Precision.Float32, Precision.BFloat16);
    private readonly Option<string?> _encoderPrecision = CommonOptions.EncoderPrecisionOption("that of --precision");

    public ImageArguments() => CommonOptions.OneOf(_fit, "crop", "pad", "shape");

    /// <summary>Adds everything to a command, with its own options between the model and the precision.</summary>
    public void AddTo(Command command, params IEnumerable<Option> own)
    {
        command.Arguments.Add(_paths);
        command.Options.Add(_size);
        command.Options.Add(_fit);
        command.Options.Add(_model);
        foreach (var option in own)
            command.Options.Add(option);
        command.Options.Add(_precision);
        command.Options.Add(_encoderPrecision);
    }

    /// <summary>Loads the tokenizer with its encoder.</summary>
    /// <param name="host">The program.</param>
    /// <param name="parsed">The command line.</param>
    /// <param name="files">The images, for notes.</param>
    /// <exception cref="HitaException">There is no such model, or it is broken.</exception>
    public ImageTokenizer Open(CommandHost host, ParseResult parsed, IReadOnlyList<string> files)
    {
        var tokenizer = NamedModel.OpenTokenizer(
            parsed.GetValue(_model)!,
            new TokenizerOptions
            {
                Device = parsed.GetValue(host.Globals.Device)!,
                Precision = CommonOptions.Chosen(parsed, _precision),
                EncoderPrecision = CommonOptions.ChosenEncoder(parsed, _encoderPrecision),
            });
        ModelNotes.Tell(host, parsed, _model, tokenizer, files);
        return tokenizer;
    }

    /// <summary>The files, folders replaced by the images in them.</summary>
    /// <exception cref="HitaException">A path does not exist, or a folder holds no image.</exception>
    public IReadOnlyList<string> Files(ParseResult parsed) => Expand(parsed.GetValue(_paths)!);

    /// <summary>Files and folders of images, folders replaced by the images in them.</summary>
    /// <exception cref="HitaException">A folder holds no image.</exception>
    public static IReadOnlyList<string> Expand(IEnumerable<string> paths)
    {
        var files = new List<string>();
        foreach (var path in paths)
        {
            if (!Directory.Exists(path))
            {
                files.Add(path);
                continue;
            }
            var inside = Directory.EnumerateFiles(path).Where(ImageDecoder.HasImageExtension).Order(StringComparer.Ordinal).ToList();
            if (inside.Count == 0)
                throw new HitaException($"The folder {path} holds no images (JPEG, PNG, WebP, GIF, BMP).");
            files.AddRange(inside);
        }
        return files;
    }

    /// <summary>How images are brought to the tokenizer's size.</summary>
    /// <exception cref="HitaException">The size is not one, or the tokenizer cannot take it.</exception>
    public Func<Image, Image> Fitting(ParseResult parsed, TokenizerConfig config)
    {
        var (width, height) = Size(parsed.GetValue(_size), config);
        var (patch, side) = (config.PatchSize, (int)Math.Round(Math.Sqrt((double)width * height)));
        ImageShape.Check(height, width, config);
        return parsed.GetValue(_fit) switch
        {
            "pad" => image => ImageFit.Contain(image, width, height),
            "shape" => image => ImageFit.ToMultiple(image, patch, side),
            _ => image => ImageFit.Cover(image, width, height),
        };
    }

    private static (int Width, int Height) Size(string? text, TokenizerConfig config)
    {
        if (text is null)
            return (config.ImageSize, config.ImageSize);
        var sides = text.Split('x', 'X', '×');
        if (sides.Length is 1 or 2 && int.TryParse(sides[0], NumberStyles.None, CultureInfo.InvariantCulture, out var width) &&
            int.TryParse(sides[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var height))
        {
            return (width, height);
        }
        throw new HitaException($"--size is '{text}'; it must be a side in pixels (336) or WIDTHxHEIGHT (512x336).");
    }
}
