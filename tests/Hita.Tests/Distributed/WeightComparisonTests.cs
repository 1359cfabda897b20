using Hita.Distributed.Launching;
using Hita.Training.Ranks;

namespace Hita.Tests.Distributed;

public sealed class WeightComparisonTests
{
    [Theory]
    [InlineData(new[] { 1, 1, 2, 1 }, "Rank 2 (host c, process 12) has other weights than the other ranks after step 7, first in 'w'")]
    [InlineData(new[] { 2, 1, 1, 1 }, "Rank 0 (host a, process 10) has other weights than the other ranks after step 7, first in 'w'")]
    [InlineData(new[] { 1, 2, 1, 3, 1 }, "Rank 1 (host b, process 11) and 1 more have other weights than the other ranks")]
    [InlineData(new[] { 1, 2 }, "Rank 1 (host b, process 11) has other weights than rank 0 (host a, process 10) after step 7")]
    public void The_rank_that_differs_is_named(int[] weights, string beginning)
    {
        RankIdentity[] ranks = [.. weights.Select(static (_, r) => new RankIdentity(new byte[16], "1", ((char)('a' + r)).ToString(), 10 + r))];
        var sentence = WeightComparison.Sentence([.. weights.Select(static w => new ulong[] { 5, (ulong)w })], ["v", "w"], ranks, 7);
        Assert.StartsWith(beginning, sentence, StringComparison.Ordinal);
    }
}
