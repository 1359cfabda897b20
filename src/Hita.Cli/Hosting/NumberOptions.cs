using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;
using System.Text.RegularExpressions;

namespace Hita.Cli.Hosting;

/// <summary>
/// Reads every number on the command line the same way, whatever the system's language: a point for decimals and nothing between
/// thousands. The framework's own reading skips commas, by which 1,5 is 15.
/// </summary>
internal static partial class NumberOptions
{
    /// <summary>Makes all options of a command, and of all below it, that take a number read it so.</summary>
    /// <param name="command">The root, complete.</param>
    public static void ReadStrictly(Command command)
    {
        foreach (var option in command.Options)
            ReadStrictly(option);
        foreach (var child in command.Subcommands)
            ReadStrictly(child);
    }

    /// <summary>Limits an option to whole numbers of a range.</summary>
    /// <param name="option">The option.</param>
    /// <param name="min">The smallest.</param>
    /// <param name="max">The largest; null for no limit that is worth saying.</param>
    public static void Between<T>(Option<T> option, int min, int? max = null)
    {
        var range = max is null ? $" of {min} or more" : $" from {min} to {max}";
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && (!TryRead(token.Value, out int number) || number < min || number > max))
                result.AddError(Sentence<int>(option.Name, token.Value, range));
        });
    }

    /// <summary>Reads a number: an optional sign, digits, and for types with decimals a point and an exponent.</summary>
    /// <param name="text">What was typed.</param>
    /// <param name="number">The number, finite.</param>
    public static bool TryRead<T>(string text, out T number)
        where T : struct, INumber<T>
    {
        var style = IsWhole<T>() ? NumberStyles.AllowLeadingSign : NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        return T.TryParse(text, style, CultureInfo.InvariantCulture, out number) && T.IsFinite(number);
    }

    private static void ReadStrictly(Option option)
    {
        switch (option)
        {
            case Option<int> o:
                o.CustomParser = result => Read<int>(option, result);
                break;
            case Option<int?> o:
                o.CustomParser = result => Read<int>(option, result);
                break;
            case Option<long> o:
                o.CustomParser = result => Read<long>(option, result);
                break;
            case Option<long?> o:
                o.CustomParser = result => Read<long>(option, result);
                break;
            case Option<ulong> o:
                o.CustomParser = result => Read<ulong>(option, result);
                break;
            case Option<ulong?> o:
                o.CustomParser = result => Read<ulong>(option, result);
                break;
            case Option<float> o:
                o.CustomParser = result => Read<float>(option, result);
                break;
            case Option<float?> o:
                o.CustomParser = result => Read<float>(option, result);
                break;
            case Option<double> o:
                o.CustomParser = result => Read<double>(option, result);
                break;
            case Option<double?> o:
                o.CustomParser = result => Read<double>(option, result);
                break;
        }
    }

    private static T Read<T>(Option option, ArgumentResult result)
        where T : struct, INumber<T>, IMinMaxValue<T>
    {
        var text = result.Tokens is [var token] ? token.Value : "";
        if (!TryRead(text, out T number))
            result.AddError(Sentence<T>(option.Name, text, Range<T>(text)));
        return number;
    }

    // Only where the range is what is wrong.
    private static string Range<T>(string text)
        where T : struct, INumber<T>, IMinMaxValue<T> =>
        IsWhole<T>() && BigInteger.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _)
            ? string.Create(CultureInfo.InvariantCulture, $" from {T.MinValue} to {T.MaxValue}")
            : "";

    private static string Sentence<T>(string name, string text, string range)
        where T : struct, INumber<T> =>
        Meant<T>(text) is { } meant
            ? $"{name} is '{text}'; write {meant}: decimals have a point, and nothing stands between thousands."
            : $"{name} is '{text}'; it must be a {(IsWhole<T>() ? "whole number" : "number")}{range}.";

    // What a text with commas, spaces or other separators stands for; null where that is unclear.
    private static string? Meant<T>(string text)
        where T : struct, INumber<T>
    {
        if (Thousands().IsMatch(text))
        {
            var plain = Separators().Replace(text, "");
            return !IsWhole<T>() && text.Count(static c => c == ',') == 1 && text.Count(static c => !char.IsAsciiDigit(c)) == 1
                ? $"{plain} or {text.Replace(',', '.')}"
                : plain;
        }
        if (!IsWhole<T>() && PointsForThousands().IsMatch(text))
            return text.Replace(".", "", StringComparison.Ordinal).Replace(',', '.');
        return !IsWhole<T>() && DecimalComma().IsMatch(text) ? text.Replace(',', '.') : null;
    }

    private static bool IsWhole<T>()
        where T : struct, INumber<T> => typeof(T) != typeof(float) && typeof(T) != typeof(double);

    [GeneratedRegex(@"^[+-]?[0-9]{1,3}([,'_ \u00a0\u202f\u2019][0-9]{3})+(\.[0-9]+)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Thousands();

    [GeneratedRegex(@"[,'_ \u00a0\u202f\u2019]", RegexOptions.CultureInvariant)]
    private static partial Regex Separators();

    [GeneratedRegex(@"^[+-]?[0-9]{1,3}(\.[0-9]{3})+,[0-9]+\z", RegexOptions.CultureInvariant)]
    private static partial Regex PointsForThousands();

    [GeneratedRegex(@"^[+-]?[0-9]*,[0-9]+([eE][+-]?[0-9]+)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex DecimalComma();
}
