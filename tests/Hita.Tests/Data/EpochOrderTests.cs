using Hita.Data;

namespace Hita.Tests.Data;

/// <summary>The order of an epoch is a permutation that can be entered anywhere.</summary>
public sealed class EpochOrderTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(5000)]
    public void Every_image_has_one_place(int count)
    {
        var order = new EpochOrder(count, [], 1, 7, 1);
        Assert.Equal(Enumerable.Range(0, count), Enumerable.Range(0, count).Select(order.At).Order());
    }

    [Fact]
    public void Neighbours_and_epochs_have_nothing_to_do_with_each_other()
    {
        const int count = 4096;
        var order = Enumerable.Range(0, count).Select(new EpochOrder(count, [], 1, 7, 0).At).ToArray();
        var next = Enumerable.Range(0, count).Select(new EpochOrder(count, [], 1, 7, 1).At).ToArray();
        // Of as many pairs about one is expected; more than six happens once in ten thousand orders.
        Assert.InRange(Enumerable.Range(0, count).Count(i => order[i] == i), 0, 6);
        Assert.InRange(Enumerable.Range(0, count).Count(i => order[i] == next[i]), 0, 6);
        Assert.InRange(Enumerable.Range(1, count - 1).Count(i => order[i] == order[i - 1] + 1), 0, 6);
        // The first half of the places holds half of the first half of the images, give or take five deviations.
        Assert.InRange(order.Take(count / 2).Count(static p => p < count / 2), (count / 4) - 80, (count / 4) + 80);
    }

    [Fact]
    public void Parts_stay_together_few_at_a_time()
    {
        int[] starts = [0, 10, 30, 30, 31, 50, 60, 70, 75, 90];
        var order = Enumerable.Range(0, 100).Select(new EpochOrder(100, starts, 3, 7, 0).At).ToArray();
        Assert.Equal(Enumerable.Range(0, 100), order.Order());
        Assert.NotEqual(Enumerable.Range(0, 100), order);
        var parts = order.Select(p => Array.FindLastIndex(starts, s => s <= p)).ToArray();
        foreach (var part in parts.Distinct())
        {
            var span = parts[Array.IndexOf(parts, part)..(Array.LastIndexOf(parts, part) + 1)];
            Assert.InRange(span.Distinct().Count(), 1, 3);
        }
        Assert.NotEqual(order, Enumerable.Range(0, 100).Select(new EpochOrder(100, starts, 3, 7, 1).At));
    }
}
