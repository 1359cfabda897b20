using Hita.Data;
using Hita.Runtime;

namespace Hita.Tests.Data;

public sealed class UnreadableImagesTests
{
    [Theory]
    [InlineData(9, 10, 0.1, false)] // A few broken files do not stop a small set.
    [InlineData(10, 100, 0.1, false)]
    [InlineData(11, 100, 0.1, true)]
    [InlineData(10, 50, 0.1, true)]
    [InlineData(10, 50, 0.2, false)]
    [InlineData(1, 1000, 0, true)]
    [InlineData(50, 50, 1, false)]
    public void Too_many_are_an_error(int unreadable, int total, double share, bool refused)
    {
        var images = new UnreadableImages("photos", share);
        for (var i = 0; i < unreadable; i++)
            images.Add($"{i}.png: it is broken.");
        var fault = Record.Exception(() => images.Check(total));
        if (!refused)
        {
            Assert.Null(fault);
            return;
        }
        Assert.Matches(
            $@"^photos: {unreadable} of {total} images cannot be read, more than the \d+% allowed; ""hita data check"" names them all, the first is 0\.png: it is broken\.$",
            Assert.IsType<DataException>(fault).Message);
    }

    [Fact]
    public void A_set_of_which_nothing_can_be_read_is_an_error_and_an_empty_one_is_not_its_business()
    {
        var images = new UnreadableImages("photos");
        images.RequireSome(0);
        images.Add("a.png: it is broken.");
        images.RequireSome(1);
        Assert.Equal("photos: not one image can be read; the first is a.png: it is broken.", Assert.Throws<DataException>(() => images.RequireSome(0)).Message);
    }

    [Fact]
    public void A_summary_counts_all_names_the_first_and_can_be_taken_up_again()
    {
        var images = new UnreadableImages("photos");
        Assert.Null(images.Summary);
        images.Add("a.png: it is broken.");
        Assert.Equal("1 image could not be read and was left out; the first: a.png: it is broken.", images.Summary!.ToSentence());
        for (var i = 0; i < 20; i++)
            images.Add($"{i}.png: it is broken.");
        var again = new UnreadableImages("photos", before: images.Summary);
        again.Add("z.png: it is broken.");
        Assert.Equal((22, UnreadableImages.MaxNamed), (again.Count, again.First.Count));
        Assert.StartsWith("22 images could not be read and were left out; the first: a.png", again.Summary!.ToSentence(), StringComparison.Ordinal);
        Assert.Equal("3 images could not be read and were left out.", new UnreadableSummary(3, []).ToSentence());
        Assert.Null(UnreadableSummary.Join([null, null]));
        var joined = UnreadableSummary.Join([null, again.Summary, new UnreadableSummary(3, ["b"])]);
        Assert.Equal((25, UnreadableImages.MaxNamed), (joined!.Count, joined.First.Count));
    }

    [Fact]
    public void What_is_not_an_image_s_fault_is_not_counted_as_one()
    {
        Assert.True(UnreadableImages.IsFault(new ImageException("a.png", "it is broken.")));
        Assert.True(UnreadableImages.IsFault(new FileNotFoundException()));
        Assert.False(UnreadableImages.IsFault(new OperationCanceledException()));
        Assert.False(UnreadableImages.IsFault(new InvalidOperationException()));
    }
}
