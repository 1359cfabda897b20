using System.CommandLine;
using Hita.Checkpoints;
using Hita.Generation;
using Hita.Imaging;
using Hita.Runtime;

namespace Hita.Cli.Options;

/// <summary>Options that several commands share, so that they read and fail the same way.</summary>
internal static class CommonOptions
{
    /// <summary><c>-m</c>: a model's folder or a preset; the bundled pipeline where it is left out.</summary>
    /// <param name="what">What kind of folder.</param>
    /// <param name="required">Whether the bundled pipeline makes no sense here.</param>
    public static Option<string> Model(string what, bool required = false)
    {
        var option = new Option<string>("--model", "-m")
        {
            Description = $"{what}, a model on the hub (hf:OWNER/NAME), or a preset's name, to try it with untrained weights.{(required ? "" : $" If left out, the bundled pipeline, {BundledModels.Default}.")}",
            HelpName = "DIR|PRESET",
            Required = required,
        };
        if (!required)
            option.DefaultValueFactory = static _ => BundledModels.Default;
        return option;
    }

    /// <summary><c>-o</c>: where to write.</summary>
    public static Option<string> Output(string description, string helpName, bool required = true) =>
        new("--output", "-o") { Description = description, HelpName = helpName, Required = required };

    /// <summary><c>--box</c>: a part of an image; what is no box is a wrong command line.</summary>
    public static Option<string?> Box(string description, bool required = false)
    {
        var option = new Option<string?>("--box") { Description = description, HelpName = "X,Y,W,H", Required = required };
        option.Validators.Add(static result =>
        {
            try
            {
                if (result.Tokens is [var token])
                    PixelBox.Parse(token.Value);
            }
            catch (HitaException e)
            {
                result.AddError(e.Message);
            }
        });
        return option;
    }

    /// <summary><c>--weights-by-name [PREFIX]</c>.</summary>
    public static Option<string?> WeightsByName() => new("--weights-by-name")
    {
        Description = "Fill every tensor from its name, with PREFIX before the full name if one is given.",
        HelpName = "PREFIX",
        Arity = ArgumentArity.ZeroOrOne,
    };

    /// <summary>The prefix of <see cref="WeightsByName"/>: empty where the option has no value, null where it is absent.</summary>
    public static string? Prefix(ParseResult parsed, Option<string?> option) =>
        parsed.GetResult(option) is null ? null : parsed.GetValue(option) ?? "";

    /// <summary>Limits an option to some words; another one gets a sentence that names the option.</summary>
    public static void OneOf<T>(Option<T> option, params string[] words) => option.Validators.Add(result =>
    {
        if (result.Tokens is [var token] && !words.Contains(token.Value, StringComparer.Ordinal))
            result.AddError($"{option.Name} is '{token.Value}'; it must be one of {string.Join(", ", words)}.");
    });

    /// <summary><c>--precision</c>.</summary>
    public static Option<string> PrecisionOption(params Precision[] possible) => PrecisionOption("--precision", "The type of the weights in memory.", possible);

    /// <summary><c>--decoder-precision</c>: the tokenizer's precision where <c>--precision</c> is the generator's.</summary>
    public static Option<string> DecoderPrecisionOption() => PrecisionOption(
        "--decoder-precision",
        "The type of the tokenizer's weights in memory; bf16 takes about half the time on processors with instructions for it, longer on others.",
        Precision.Float32,
        Precision.BFloat16);

    /// <summary><c>--encoder-precision</c>: how images become codes.</summary>
    /// <param name="otherwise">What it is where the option is left out.</param>
    public static Option<string?> EncoderPrecisionOption(string otherwise)
    {
        var option = new Option<string?>("--encoder-precision")
        {
            Description = $"The type of the weights that turn images into codes; {otherwise} if left out. bf16 takes about half the time on processors with instructions for it, and changes some codes.",
            HelpName = "float32|bf16",
        };
        OneOf(option, Name(Precision.Float32), Name(Precision.BFloat16));
        return option;
    }

    /// <summary>The encoder's precision that was chosen; null where it was left out.</summary>
    public static Precision? ChosenEncoder(ParseResult parsed, Option<string?> option) => parsed.GetValue(option) switch
    {
        null => null,
        "bf16" => Precision.BFloat16,
        _ => Precision.Float32,
    };

    /// <summary>The precision that was chosen.</summary>
    public static Precision Chosen(ParseResult parsed, Option<string> option) => parsed.GetValue(option) switch
    {
        "bf16" => Precision.BFloat16,
        "int8" => Precision.Int8,
        _ => Precision.Float32,
    };

    /// <summary><c>--engine</c>.</summary>
    public static Option<string> EngineOption()
    {
        var option = new Option<string>("--engine")
        {
            Description = "What computes the generator's steps: this program's own engine for CPUs, or the tensor library.",
            HelpName = "auto|cpu|torch",
            DefaultValueFactory = static _ => "auto",
        };
        OneOf(option, "auto", "cpu", "torch");
        return option;
    }

    /// <summary>The engine that was chosen.</summary>
    public static GeneratorEngine ChosenEngine(ParseResult parsed, Option<string> option) => parsed.GetValue(option) switch
    {
        "cpu" => GeneratorEngine.Cpu,
        "torch" => GeneratorEngine.Torch,
        _ => GeneratorEngine.Auto,
    };

    /// <summary><c>--weights</c>: which weights of a published checkpoint.</summary>
    public static Option<string?> Weights(string description)
    {
        var option = new Option<string?>("--weights") { Description = description, HelpName = "ema|model" };
        OneOf(option, "ema", "model");
        return option;
    }

    /// <summary>The section that was chosen.</summary>
    public static WeightSection Section(ParseResult parsed, Option<string?> weights) => parsed.GetValue(weights) switch
    {
        "ema" => WeightSection.Ema,
        "model" => WeightSection.Model,
        _ => WeightSection.Automatic,
    };

    private static Option<string> PrecisionOption(string name, string description, params Precision[] possible)
    {
        var option = new Option<string>(name)
        {
            Description = description,
            HelpName = string.Join('|', possible.Select(Name)),
            DefaultValueFactory = static _ => Name(Precision.Float32),
        };
        OneOf(option, [.. possible.Select(Name)]);
        return option;
    }

    /// <summary>A precision as it is written on the command line.</summary>
    public static string Name(Precision precision) => precision switch
    {
        Precision.BFloat16 => "bf16",
        Precision.Int8 => "int8",
        _ => "float32",
    };
}
