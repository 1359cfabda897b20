using Hita.Cli.Output;
using Hita.Tests.Support;

namespace Hita.Tests.Cli;

public sealed class ProgressLineTests : IDisposable
{
    private readonly ManualClock _clock = new();
    private readonly StringWriter _writer = new();

    public void Dispose() => _writer.Dispose();

    [Fact]
    public void Redirected_it_writes_plain_lines_at_intervals_and_a_last_one()
    {
        using (var progress = Redirected(total: 100))
        {
            for (var done = 1; done <= 25; done++)
            {
                _clock.Advance(TimeSpan.FromSeconds(1));
                progress.Report(done);
            }
        }
        Assert.Equal(
        [
            "Decoding: 10 of 100 images, 1.00 images/s, 1 min 30 s left",
            "Decoding: 20 of 100 images, 1.00 images/s, 1 min 20 s left",
            "Decoding: 25 of 100 images in 25 s (1.00 images/s)",
        ], Lines());
        Assert.DoesNotContain('\r', _writer.ToString().Replace("\r\n", "\n", StringComparison.Ordinal));
    }

    [Fact]
    public void Where_nothing_was_done_it_says_nothing()
    {
        Redirected(total: 5).Dispose();
        Redirected(total: null).Dispose();
        Assert.Equal("", _writer.ToString());
    }

    [Fact]
    public void The_rate_forgets_a_slow_start()
    {
        using (var progress = Redirected(total: 1000))
        {
            _clock.Advance(TimeSpan.FromSeconds(100));
            progress.Report(1);
            for (var i = 1; i <= 6; i++)
            {
                _clock.Advance(TimeSpan.FromSeconds(10));
                progress.Report(1 + (i * 50));
            }
        }
        Assert.Contains("Decoding: 301 of 1000 images, 5.00 images/s, 2 min 20 s left", Lines());
    }

    [Fact]
    public void Without_a_total_it_tells_no_time_left_and_keeps_the_note()
    {
        using (var progress = Redirected(total: null))
        {
            progress.Report(1, "loss 0.5");
            _clock.Advance(TimeSpan.FromSeconds(10));
            progress.Report(40);
        }
        Assert.Equal(["Decoding: 40 images, 4.00 images/s, loss 0.5", "Decoding: 40 images in 10 s (4.00 images/s), loss 0.5"], Lines());
    }

    [Fact]
    public void On_a_terminal_the_line_is_redrawn_in_place_and_never_wider_than_the_terminal()
    {
        var terminal = new Terminal(TextWriter.Null, _writer, console: null, errorIsTerminal: true, _clock, static () => 30);
        using (var progress = new ProgressLine(terminal, "Decoding", "images", 8))
        {
            _clock.Advance(TimeSpan.FromSeconds(2));
            progress.Report(4);
            _clock.Advance(TimeSpan.FromMilliseconds(10));
            progress.Report(5);
            _clock.Advance(TimeSpan.FromSeconds(2));
            progress.Report(8);
        }
        var sampled = _writer.ToString().Split('\r', '\n').Where(l => l.Trim().Length > 0).ToList();
        Assert.Equal("Decoding: 0 of 8 images", sampled[0]);
        Assert.Equal("Decoding: 4 of 8 images, 2.00", sampled[1]);
        Assert.Equal("Decoding: 8 images in 4.0 s (2.00 images/s)", sampled[^1]);
        Assert.All(sampled[..^1], line => Assert.True(line.Length < 30));
        Assert.DoesNotContain(sampled, l => l.Contains("5 of 8", StringComparison.Ordinal)); // Sooner than the eye can see.
        Assert.EndsWith(Environment.NewLine, _writer.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(20)]
    [InlineData(60)]
    [InlineData(200)]
    public void A_line_that_is_printed_meanwhile_never_touches_the_progress_line(int width)
    {
        var terminal = new Terminal(_writer, _writer, console: null, errorIsTerminal: true, _clock, () => width);
        using (var progress = new ProgressLine(terminal, "Sampling", "tokens", 100))
        {
            for (var done = 10; done <= 100; done += 10)
            {
                _clock.Advance(TimeSpan.FromSeconds(1));
                progress.Report(done, $"{done / 10} of 10 images");
                terminal.Line($"out/{done:000}.png");
                terminal.Error.WriteLine($"a note after {done}");
            }
        }
        var screen = Screen(_writer.ToString());
        Assert.Equal(21, screen.Count);
        for (var i = 0; i < 10; i++)
            Assert.Equal([$"out/{(i + 1) * 10:000}.png", $"a note after {(i + 1) * 10}"], screen.Skip(2 * i).Take(2));
        Assert.Equal("Sampling: 100 tokens in 10 s (10.0 tokens/s), 10 of 10 images", screen[^1]);
    }

    [Fact]
    public void Wide_letters_count_twice()
    {
        var terminal = new Terminal(TextWriter.Null, _writer, console: null, errorIsTerminal: true, _clock, static () => 10);
        terminal.ShowLive("猫猫猫猫猫猫");
        Assert.Equal("\r猫猫猫猫", _writer.ToString());
        terminal.ClearLive();
        Assert.Equal("\r猫猫猫猫\r        \r", _writer.ToString());
    }

    // What a terminal shows in the end.
    private static List<string> Screen(string written)
    {
        var lines = new List<char[]> { new char[300] };
        Array.Fill(lines[0], ' ');
        var column = 0;
        foreach (var c in written.Replace("\r\n", "\n", StringComparison.Ordinal))
        {
            if (c == '\r')
                column = 0;
            else if (c == '\n')
            {
                lines.Add(new char[300]);
                Array.Fill(lines[^1], ' ');
                column = 0;
            }
            else
                lines[^1][column++] = c;
        }
        return [.. lines.Select(static l => new string(l).TrimEnd()).SkipLast(1)];
    }

    [Fact]
    public void Stopped_before_the_end_the_last_line_says_how_far_it_came()
    {
        using (var progress = Redirected(total: 8))
        {
            _clock.Advance(TimeSpan.FromSeconds(4));
            progress.Report(2);
        }
        Assert.Equal(["Decoding: 2 of 8 images in 4.0 s (0.500 images/s)"], Lines());
    }

    [Theory]
    [InlineData(0.04, "0.0 s")]
    [InlineData(9.94, "9.9 s")]
    [InlineData(9.96, "10 s")]
    [InlineData(59.6, "1 min 00 s")]
    [InlineData(185, "3 min 05 s")]
    [InlineData(7620, "2 h 07 min")]
    [InlineData(356400, "4 d 03 h")]
    public void Durations_read_as_people_say_them(double seconds, string text) => Assert.Equal(text, Duration.Text(TimeSpan.FromSeconds(seconds)));

    private ProgressLine Redirected(long? total) =>
        new(CommandLine.Redirected(TextWriter.Null, _writer, _clock), "Decoding", "images", total);

    private string[] Lines() => _writer.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
}
