using System.Text;
using Hita.Cli.Options;

namespace Hita.Tests.Cli;

/// <summary>Names of results, made of names of inputs and classes.</summary>
public sealed class OutputNamesTests
{
    [Theory]
    [InlineData('犬', 80)]
    [InlineData('犬', 400)]
    [InlineData('a', 400)]
    public void Names_fit_into_what_file_systems_allow(char letter, int count)
    {
        var names = new OutputNames();
        var first = names.Next(new string(letter, count), "-decoded.png");
        var second = names.Next(new string(letter, count + 1), "-decoded.png");
        Assert.All((string[])[first, second], static n => Assert.InRange(Encoding.UTF8.GetByteCount(n), 60, 255));
        Assert.All((string[])[first, second], static n => Assert.DoesNotContain('\uFFFD', Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(n))));
        Assert.EndsWith("-decoded.png", second, StringComparison.Ordinal);
    }
}
