using System.CommandLine;
using System.CommandLine.Parsing;
using Hita.Runtime;

namespace Hita.Cli;

/// <summary>Options that several commands share, so that they read and fail the same way.</summary>
internal static class CommonOptions
{
    /// <summary><c>-m</c>: a model's folder or a preset.</summary>
    public static Option<string> Model(string what) => new("--model", "-m")
    {
        Description = $"{what}, or a preset's name to try it with weights that are not trained.",
        HelpName = "DIR|PRESET",
        Required = true,
    };

    /// <summary><c>-o</c>: where to write.</summary>
    public static Option<string> Output(string description, string helpName) =>
        new("--output", "-o") { Description = description, HelpName = helpName, Required = true };

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

    /// <summary><c>--precision</c>.</summary>
    public static Option<Precision> PrecisionOption(params Precision[] possible)
    {
        var names = string.Join(", ", possible.Select(Name));
        var option = new Option<Precision>("--precision")
        {
            Description = $"The type the weights are kept in: {names}.",
            HelpName = "TYPE",
            CustomParser = result => Parse(result, possible, names),
            DefaultValueFactory = static _ => Precision.Float32,
        };
        option.CompletionSources.Add([.. possible.Select(Name)]);
        return option;
    }

    /// <summary>A precision as it is written on the command line.</summary>
    public static string Name(Precision precision) => precision switch
    {
        Precision.BFloat16 => "bf16",
        Precision.Int8 => "int8",
        _ => "float32",
    };

    private static Precision Parse(ArgumentResult result, Precision[] possible, string names)
    {
        var text = result.Tokens[0].Value;
        foreach (var precision in possible)
        {
            if (Name(precision) == text)
                return precision;
        }
        result.AddError($"--precision is '{text}'; it must be one of {names}.");
        return default;
    }
}
