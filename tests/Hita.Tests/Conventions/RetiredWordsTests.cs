using System.CommandLine;
using Hita.Cli.Hosting;
using Hita.Tests.Cli;
using Hita.Tests.Support;

namespace Hita.Tests.Conventions;

/// <summary>Names, keys and help say image, decode, sample, metric, Max and Min, as people of this field do.</summary>
public sealed class RetiredWordsTests
{
    [Fact]
    public void Names_and_keys_say_no_retired_word() => Assert.Empty(RetiredWords.InSources(SourceCompiler.Product));

    [Fact]
    public void Help_says_no_retired_word() => Assert.Empty(CommandLine.All(CommandLine.Root()).SelectMany(InHelp));

    [Fact]
    public void Retired_words_in_sources_are_found()
    {
        const string Source = """
            namespace Hita;
            public sealed record PictureBox(int MostRows)
            {
                public int Draw(int figureCount) => figureCount;
                private sealed record Report(string Verdict);
                private int _heed;
            }
            internal sealed class Work { public const string Key = "least_share"; }
            public sealed class Inpainter { public int Drawer; private void Paint() { } internal void Take(int picture) { } }
            """;
        string[] expected =
        [
            "'PictureBox' says 'picture'; say image",
            "'MostRows' begins with 'most'; say Max",
            "'Draw' says 'draw'; say sample",
            "'figureCount' says 'figure'; say metric",
            "'Verdict' says 'verdict'; say result",
            "a type is called Work",
            "'least_share' begins with 'least'; say Min",
        ];
        var faults = RetiredWords.InSources(SourceCompiler.Compile(Source)).ToList();
        Assert.All(expected, part => Assert.Contains(faults, fault => fault.Contains(part, StringComparison.Ordinal)));
        Assert.All(faults, fault => Assert.Contains(expected, part => fault.Contains(part, StringComparison.Ordinal)));
    }

    [Fact]
    public void Retired_words_in_help_are_found()
    {
        var command = new HitaCommand("draw", "Paint a picture, or in-paint a part of it.", "hita draw --most-rows 3")
        {
            new Option<int>("--most-rows") { Description = "What nobody heeds.", HelpName = "FIGURE" },
            new Argument<string>("PICTURE") { Description = "An image of matte paint." },
        };
        Assert.Equal(
            [
                "hita draw: 'draw' says 'draw'; say sample",
                "hita draw: 'Paint' is retired; say decode",
                "hita draw: 'picture' is retired; say image",
                "hita draw: 'draw' is retired; say sample",
                "hita draw: '--most-rows' begins with 'most'; say Max",
                "hita draw: 'nobody' is retired; say may be null",
                "hita draw: 'heeds' is retired; say attention",
                "hita draw: 'FIGURE' is retired; say metric",
                "hita draw: 'PICTURE' says 'picture'; say image",
            ],
            InHelp(command));
    }

    [Theory]
    [InlineData("In-painting and out-painting of matte paint.")]
    [InlineData("A drawer of the most images, at least three.")]
    public void Words_of_the_field_are_left_alone(string text) => Assert.Empty(RetiredWords.InText(text));

    private static IEnumerable<string> InHelp(Command command)
    {
        var faults = RetiredWords.InName(command.Name)
            .Concat(RetiredWords.InText(command.Description ?? ""))
            .Concat(((HitaCommand)command).Examples.SelectMany(RetiredWords.InText));
        foreach (var option in command.Options)
        {
            faults = faults.Concat(option.Aliases.Prepend(option.Name).SelectMany(RetiredWords.InName))
                .Concat(RetiredWords.InText(option.Description ?? ""))
                .Concat(RetiredWords.InText(option.HelpName ?? ""));
        }
        foreach (var argument in command.Arguments)
        {
            faults = faults.Concat(RetiredWords.InName(argument.Name))
                .Concat(RetiredWords.InText(argument.Description ?? ""));
        }
        return faults.Select(fault => $"hita {command.Name}: {fault}");
    }
}
