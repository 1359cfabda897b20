namespace Hita.Tests.Cli;

/// <summary>Tables as they are written where the output is redirected.</summary>
public sealed class TableTests
{
    [Fact]
    public void Numbers_are_aligned_to_the_right_and_words_to_the_left()
    {
        using var output = new StringWriter();
        CommandLine.Redirected(output, TextWriter.Null).Table(
            ["what", "time", "floor", "best", "note"],
            [
                ["a", "7.00 ms a step", "", "9.06 ± 1.09 dB *", "28.0 images a minute, the slowest of all"],
                ["b", "12.00 ms a step", "3.00 ms", "-", "4.0 images a minute"],
            ]);
        Assert.Equal(
        [
            "what             time    floor              best  note",
            "a      7.00 ms a step           9.06 ± 1.09 dB *  28.0 images a minute, the slowest of all",
            "b     12.00 ms a step  3.00 ms                 -  4.0 images a minute",
        ], output.ToString().ReplaceLineEndings("\n").TrimEnd('\n').Split('\n'));
    }
}
