using System.Text;
using Hita.Runtime;

namespace Hita.Tests.Runtime;

/// <summary>Texts as names of files.</summary>
public sealed class FileNameTextTests
{
    [Theory]
    [InlineData("abc", 3, "abc")]
    [InlineData("abcd", 3, "abc")]
    [InlineData("猫猫", 5, "猫")]
    [InlineData("a😀", 4, "a")]
    [InlineData("ae\u0301", 3, "a")]
    public void A_name_is_cut_between_characters(string text, int bytes, string expected)
    {
        var cut = FileNameText.Cut(text, bytes);
        Assert.Equal(expected, cut);
        Assert.True(Encoding.UTF8.GetByteCount(cut) <= bytes);
    }
}
