using System.Text.Json;
using Hita.Runtime;

namespace Hita.Tests.Runtime;

public sealed class PrintableTextTests
{
    [Theory]
    [InlineData("\u001b[31mred", "\\u001b[31mred")]
    [InlineData("bell\a", "bell\\u0007")]
    [InlineData("a\r\nb\tc", "a\\r\\nb\\tc")]
    [InlineData("photo\u202egpj.exe", "photo\\u202egpj.exe")]
    [InlineData("\u009b31m\u007f", "\\u009b31m\\u007f")]
    [InlineData("a\u200bb\u2028c\u2029d\ufeff\u2066", "a\\u200bb\\u2028c\\u2029d\\ufeff\\u2066")]
    [InlineData("tag\U000e0041", "tag\\udb40\\udc41")]
    [InlineData("Zürich 猫 😀 e\u0301", "Zürich 猫 😀 e\u0301")]
    public void What_a_terminal_obeys_or_nobody_sees_is_written_out(string text, string expected)
    {
        Assert.Equal(expected, PrintableText.Escape(text));
        // Inside a JSON string the escapes mean the same text.
        Assert.Equal(text, JsonSerializer.Deserialize<string>($"\"{PrintableText.Escape(text)}\""));
    }

    [Fact]
    public void Every_control_and_format_character_is_escaped_and_nothing_else()
    {
        for (var c = 0; c <= char.MaxValue; c++)
        {
            var category = char.GetUnicodeCategory((char)c);
            var harmful = category is System.Globalization.UnicodeCategory.Control or System.Globalization.UnicodeCategory.Format
                or System.Globalization.UnicodeCategory.Surrogate or System.Globalization.UnicodeCategory.LineSeparator or System.Globalization.UnicodeCategory.ParagraphSeparator;
            Assert.Equal(harmful, PrintableText.Escape(((char)c).ToString()) != ((char)c).ToString());
        }
    }

    [Fact]
    public void A_text_of_several_lines_keeps_them() =>
        Assert.Equal("a\n\tb\r\nc\\rd\\u001b", PrintableText.Escape("a\n\tb\r\nc\rd\u001b", keepLines: true));
}
