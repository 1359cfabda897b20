using System.CommandLine;
using System.Globalization;

namespace Hita.Tests.Cli;

/// <summary>Numbers on the command line: one spelling, in every language, for every option of every command.</summary>
public sealed class NumberOptionsTests
{
    private static readonly Type[] Whole = [typeof(int), typeof(long), typeof(ulong), typeof(uint), typeof(short), typeof(byte)];
    private static readonly Type[] Decimal = [typeof(float), typeof(double), typeof(decimal)];

    public static TheoryData<string, string> NumericOptions()
    {
        var data = new TheoryData<string, string>();
        foreach (var command in CommandLine.All(CommandLine.Root()))
        {
            foreach (var option in command.Options.Where(static o => IsNumeric(o.ValueType)))
                data.Add(Path(command), option.Name);
        }
        return data;
    }

    [Theory]
    [MemberData(nameof(NumericOptions))]
    public void Every_numeric_option_refuses_separators_and_says_what_to_write(string command, string name)
    {
        var before = CultureInfo.CurrentCulture;
        try
        {
            // As a German, a French and an American system write numbers.
            foreach (var (point, group) in ((string, string)[])[(",", "."), (",", "\u202f"), (".", ",")])
            {
                CultureInfo.CurrentCulture = new CultureInfo("") { NumberFormat = { NumberDecimalSeparator = point, NumberGroupSeparator = group } };
                foreach (var text in (string[])["1,5", "1,000", "1.000,5", "1 000", "1'000", "1_000", "0x10", "NaN", "Infinity", "1e999", "(5)", "$5", "five", " 20", "20 "])
                {
                    var errors = Errors(command, name, text);
                    Assert.Contains(errors, e => e.StartsWith($"{name} is '{text}'; ", StringComparison.Ordinal));
                    Assert.DoesNotContain(errors, static e => e.Contains("System.", StringComparison.Ordinal) || e.Contains("Int", StringComparison.Ordinal));
                }
                // 32 lies in the range of every option there is.
                Assert.DoesNotContain(Errors(command, name, "32"), e => e.Contains(name, StringComparison.Ordinal));
            }
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void There_are_numeric_options_and_no_numeric_arguments()
    {
        Assert.True(NumericOptions().Count > 40);
        Assert.DoesNotContain(CommandLine.All(CommandLine.Root()).SelectMany(static c => c.Arguments), static a => IsNumeric(a.ValueType));
    }

    [Theory]
    [InlineData("--cfg-scale", "1,5", "--cfg-scale is '1,5'; write 1.5: decimals have a point, and nothing stands between thousands.")]
    [InlineData("--temperature", "1,000", "--temperature is '1,000'; write 1000 or 1.000: decimals have a point, and nothing stands between thousands.")]
    [InlineData("--temperature", "1.000,5", "--temperature is '1.000,5'; write 1000.5: decimals have a point, and nothing stands between thousands.")]
    [InlineData("--temperature", "warm", "--temperature is 'warm'; it must be a number.")]
    [InlineData("--seed", "-1", "--seed is '-1'; it must be a whole number from 0 to 18446744073709551615.")]
    [InlineData("--seed", "1.5", "--seed is '1.5'; it must be a whole number.")]
    [InlineData("--first-image", "1,000,000", "--first-image is '1,000,000'; write 1000000: decimals have a point, and nothing stands between thousands.")]
    [InlineData("--count", "1,000", "--count is '1,000'; write 1000: decimals have a point, and nothing stands between thousands.")]
    [InlineData("--count", "0", "--count is '0'; it must be a whole number from 1 to 100000.")]
    [InlineData("--top-k", "99999999999", "--top-k is '99999999999'; it must be a whole number from -2147483648 to 2147483647.")]
    public void The_sentence_has_the_right_spelling(string option, string text, string sentence)
    {
        var (code, output, error) = CommandLine.Run("generate", option, text);
        Assert.Equal(2, code);
        Assert.Empty(output);
        Assert.Equal($"hita: {sentence.TrimEnd('.')}; 'hita generate --help' shows what there is.{Environment.NewLine}", error);
    }

    [Theory]
    [InlineData("1.5", 1.5f)]
    [InlineData("-1.5", -1.5f)]
    [InlineData("+.5", .5f)]
    [InlineData("1e-3", 1e-3f)]
    public void Decimals_have_a_point(string text, float value)
    {
        var root = CommandLine.Root();
        var parsed = root.Parse(["generate", "--cfg-scale", text]);
        Assert.Empty(parsed.Errors);
        Assert.Equal(value, parsed.GetValue<float?>("--cfg-scale"));
    }

    private static IEnumerable<string> Errors(string command, string option, string text) =>
        CommandLine.Root().Parse([.. command.Split(' ', StringSplitOptions.RemoveEmptyEntries), .. Needed(command, option), option, text]).Errors.Select(static e => e.Message);

    // Without these the command line as a whole is refused before its numbers are read.
    private static string[] Needed(string command, string option) => command switch
    {
        "inpaint" => ["--lower-half"],
        "outpaint" when option != "--left" => ["--left", "8"],
        _ => [],
    };

    private static bool IsNumeric(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        type = type.IsArray ? type.GetElementType()! : type;
        return Whole.Contains(type) || Decimal.Contains(type);
    }

    private static string Path(Command command) =>
        command.Parents.OfType<Command>().FirstOrDefault() is { } parent ? $"{Path(parent)} {command.Name}".Trim() : "";
}
