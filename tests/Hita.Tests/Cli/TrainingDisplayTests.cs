using Hita.Cli.Output;
using Hita.Tests.Support;
using Hita.Training.Runs;
using Spectre.Console;

namespace Hita.Tests.Cli;

public sealed class TrainingDisplayTests
{
    private static readonly RunPlan Plan = new() { Steps = 100, StepsPerEpoch = 10, ImagesPerStep = 8, Data = "made up" };

    [Fact]
    public void Redirected_it_is_a_line_every_ten_seconds_and_at_every_validation()
    {
        using var error = new StringWriter();
        var clock = new ManualClock();
        using var display = TrainingDisplay.For(CommandLine.Redirected(TextWriter.Null, error, clock), "tokenizer");
        display.Show(() =>
        {
            display.Started(Plan, 0);
            for (var step = 1; step <= 30; step++)
            {
                clock.Advance(TimeSpan.FromSeconds(1));
                display.Stepped(Record(step) with { Validation = step == 14 ? [new("validation_psnr", 20.5)] : [] });
            }
            display.Noted("A codebook is falling out of use.");
        });
        var lines = error.ToString().Trim().Split(Environment.NewLine);
        Assert.Equal("hita: Training a tokenizer on made up: 100 steps of 8 images, 10 passes.", lines[0]);
        Assert.Equal([1, 11, 14, 24], lines[1..^1].Select(l => int.Parse(l.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture)));
        Assert.Equal("step 11 of 100, 8.00 images/s, 5 % waiting for data, 1 min 29 s left: loss 0.25, patch_usage 81.5 %", lines[2]);
        Assert.EndsWith("validation_psnr 20.5", lines[3], StringComparison.Ordinal);
        Assert.Equal("hita: A codebook is falling out of use.", lines[^1]);
    }

    [Fact]
    public void On_a_terminal_it_is_a_table_with_what_was_last_validated_and_noted()
    {
        using var output = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.Yes,
            Interactive = InteractionSupport.Yes,
            ColorSystem = ColorSystemSupport.NoColors,
            Out = new AnsiConsoleOutput(output),
        });
        var clock = new ManualClock();
        using var display = TrainingDisplay.For(new Terminal(output, TextWriter.Null, console, errorIsTerminal: true, clock), "generator");
        display.Show(() =>
        {
            display.Started(Plan, 0);
            clock.Advance(TimeSpan.FromSeconds(1));
            display.Stepped(Record(1) with { TokensPerSecond = 800, Validation = [new("validation_loss", 3.5)] });
            display.Began("saving");
            display.Written(1, "checkpoints/step-00000001");
            clock.Advance(TimeSpan.FromSeconds(1));
            display.Stepped(Record(2) with { TokensPerSecond = 800 });
        });
        var shown = output.ToString();
        Assert.Contains("saving …", shown, StringComparison.Ordinal);
        // The last thing sampled.
        var last = shown[shown.LastIndexOf("step 2 of 100", StringComparison.Ordinal)..];
        Assert.Contains("1 min 38 s left", last, StringComparison.Ordinal);
        Assert.Contains("800 tokens/s", last, StringComparison.Ordinal);
        Assert.Matches(@"patch usage\s+81.5 %", last);
        Assert.Matches(@"validation loss\s+3.5", last);
        Assert.Contains("after step 1: checkpoints/step-00000001", last, StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_run_throws_comes_through_the_table()
    {
        using var output = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.Yes, Interactive = InteractionSupport.Yes, Out = new AnsiConsoleOutput(output) });
        using var display = TrainingDisplay.For(new Terminal(output, TextWriter.Null, console, errorIsTerminal: true, TimeProvider.System), "tokenizer");
        Assert.Throws<OperationCanceledException>(() => display.Show(static () => throw new OperationCanceledException()));
    }

    private static StepRecord Record(long step) => new()
    {
        Step = step,
        Epoch = step / 10.0,
        Images = step * 8,
        Values = [new("loss", 0.25), new("learning_rate", 1e-4), new("patch_usage", 0.815)],
        StepSeconds = 1,
        WaitSeconds = 0.05,
        ImagesPerSecond = 8,
        WaitShare = 0.05,
    };
}
