using Spectre.Console.Rendering;

namespace Hita.Cli.Output;

/// <summary>The line of a terminal that is redrawn in place. Whatever else is printed first clears it, so that no two texts meet.</summary>
/// <param name="writer">The terminal's stream of progress, without anything around it.</param>
internal sealed class LiveLine(TextWriter writer)
{
    private int _shown;

    /// <summary>Held by whoever writes to the terminal or changes what this line shows.</summary>
    public Lock Gate { get; } = new();

    /// <summary>Shows a text in the place of the one before.</summary>
    /// <param name="text">The text; cut where it is too long.</param>
    /// <param name="width">Columns of the terminal. The last one stays empty, as many terminals wrap there.</param>
    public void Show(string text, int width)
    {
        lock (Gate)
        {
            var (shown, cells) = Cut(text, Math.Max(width - 1, 0));
            // Spaces over what was there before: works on every terminal.
            writer.Write($"\r{shown}{new string(' ', Math.Max(_shown - cells, 0))}{(cells == 0 ? "\r" : "")}");
            writer.Flush();
            _shown = cells;
        }
    }

    /// <summary>Removes what the line shows, and leaves the cursor at its start.</summary>
    public void Clear()
    {
        lock (Gate)
        {
            if (_shown > 0)
                Show("", 1);
        }
    }

    // Letters of some scripts take two columns.
    private static (string Text, int Cells) Cut(string text, int columns)
    {
        var (length, cells) = (0, 0);
        foreach (var rune in text.EnumerateRunes())
        {
            var width = rune.IsAscii ? 1 : new Segment(rune.ToString()).CellCount();
            if (cells + width > columns)
                return (text[..length], cells);
            (length, cells) = (length + rune.Utf16SequenceLength, cells + width);
        }
        return (text, cells);
    }
}
