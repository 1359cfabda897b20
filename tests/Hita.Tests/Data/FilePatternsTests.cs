using Hita.Data;
using Hita.Data.Sources;
using Hita.Imaging;
using Hita.Runtime;
using Hita.Tests.Support;

namespace Hita.Tests.Data;

/// <summary>Sets of several files, as people write their names.</summary>
public sealed class FilePatternsTests
{
    [Theory]
    [InlineData("s-{000..003}.tar", "s-000.tar s-001.tar s-002.tar s-003.tar")]
    [InlineData("s-{8..10}.tar", "s-8.tar s-9.tar s-10.tar")]
    [InlineData("s-{08..10}.tar", "s-08.tar s-09.tar s-10.tar")]
    [InlineData("s-{2..0}.tar", "s-2.tar s-1.tar s-0.tar")]
    [InlineData("s-{0..6..3}.tar", "s-0.tar s-3.tar s-6.tar")]
    [InlineData("{train,extra}-{0..1}.tar", "train-0.tar train-1.tar extra-0.tar extra-1.tar")]
    [InlineData("a.tar, b-{0,1}.tar", "a.tar b-0.tar b-1.tar")]
    [InlineData("{,un}labelled.tar", "labelled.tar unlabelled.tar")]
    public void Braces_and_lists_are_expanded(string text, string names)
    {
        Assert.True(FilePatterns.Is(text));
        Assert.Equal(names.Split(' '), FilePatterns.Expand(text));
    }

    [Theory]
    [InlineData("s-{0..3.tar", "do not close")]
    [InlineData("s-{{0..3}}.tar", "within each other")]
    [InlineData("s-{abc}.tar", "'{abc}' is no range")]
    [InlineData("s-{0..5..0}.tar", "no length")]
    [InlineData("s-{0..99999999999}.tar", "more than 1000000 files")]
    [InlineData("s-{0..999}{0..999}{0..999}.tar", "more than 1000000 files")]
    public void Wrong_braces_are_explained(string text, string part) =>
        Assert.Contains(part, Sets.Sentence(Assert.Throws<DataException>(() => FilePatterns.Expand(text))), StringComparison.Ordinal);

    [Fact]
    public void Ranges_of_shards_open_in_order_and_missing_ones_are_named()
    {
        using var folder = new TemporaryFolder();
        var png = ImageFiles.Encode(ImageFiles.Noise(12, 10, 1), ImageFormat.Png);
        for (var i = 0; i < 3; i++)
            TarSourceTests.Write(folder[$"s-00{i}.tar"], ("0.png", png), ("0.cls", [(byte)('0' + i)]));
        var range = folder["s-{000..002}.tar"];
        Assert.Equal(DataFormat.Tar, ImageSources.FormatOf(range));
        using (var source = ImageSources.Open(range))
            Assert.Equal([0, 1, 2], Enumerable.Range(0, 3).Select(source.ClassAt));
        using (var listed = ImageSources.Open($"{folder["s-002.tar"]},{folder["s-00[0].tar".Replace("[0]", "{0,0}", StringComparison.Ordinal)]}"))
            Assert.Equal([2, 0], Enumerable.Range(0, listed.Count).Select(listed.ClassAt));
        using (var mixed = ImageSources.Open(folder["s-00{0,1}*.tar"]))
            Assert.Equal(2, mixed.Count);
        var sentence = Sets.Sentence(Assert.Throws<DataException>(() => ImageSources.Open(folder["s-{000..004}.tar"])));
        Assert.Contains("2 of its 5 files are not there", sentence, StringComparison.Ordinal);
        Assert.Contains("s-003.tar", sentence, StringComparison.Ordinal);
        File.Move(folder["s-000.tar"], folder["s,{0}.tar"]);
        using var literal = ImageSources.Open(folder["s,{0}.tar"]);
        Assert.Equal(1, literal.Count);
    }
}
