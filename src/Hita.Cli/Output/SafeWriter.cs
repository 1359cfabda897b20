using System.Globalization;
using System.Text;
using Hita.Runtime;

namespace Hita.Cli.Output;

/// <summary>
/// The one way to a stream of the program: what is written is made harmless, a line stays one line, and a progress line that
/// stands on the terminal is cleared first.
/// </summary>
/// <remarks><c>WriteLine</c> writes one line, whatever is in it; <c>Write</c> is for texts of several lines.</remarks>
/// <param name="inner">The stream.</param>
/// <param name="live">The terminal's progress line.</param>
internal sealed class SafeWriter(TextWriter inner, LiveLine live) : TextWriter(CultureInfo.InvariantCulture)
{
    public override Encoding Encoding => inner.Encoding;

    public override void Write(char value) => Print(PrintableText.Escape(value.ToString(), keepLines: true));

    public override void Write(string? value) => Print(PrintableText.Escape(value ?? "", keepLines: true));

    public override void Write(char[] buffer, int index, int count) => Write(new string(buffer, index, count));

    public override void Write(ReadOnlySpan<char> buffer) => Write(new string(buffer));

    public override void WriteLine() => Print(inner.NewLine);

    public override void WriteLine(string? value) => Print(PrintableText.Escape(value ?? "") + inner.NewLine);

    public override void WriteLine(char[] buffer, int index, int count) => WriteLine(new string(buffer, index, count));

    public override void WriteLine(ReadOnlySpan<char> buffer) => WriteLine(new string(buffer));

    public override void Flush() => inner.Flush();

    private void Print(string text)
    {
        lock (live.Gate)
        {
            live.Clear();
            inner.Write(text);
        }
    }
}
