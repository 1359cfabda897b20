using Hita.Distributed.Collectives;
using Hita.Distributed.Launching;
using Hita.Distributed.Watching;

namespace Hita.Tests.Distributed;

/// <summary>Watches of three ranks inside one process.</summary>
public sealed class RankWatchTests
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(1);

    [Fact]
    public void An_end_without_a_word_is_told_to_all_others()
    {
        var ranks = Start(Long);
        ranks[2].Watch.Dispose();
        Assert.Contains("Rank 2 (host node, process 12) has ended without a word.", Fault(ranks[0]).Message, StringComparison.Ordinal);
        Assert.Equal((2, false), (Fault(ranks[1]).Rank, Fault(ranks[1]).IsTold));
        End(ranks);
    }

    [Fact]
    public void Rank_0_is_missed_by_all_others()
    {
        var ranks = Start(Long);
        ranks[0].Watch.Dispose();
        Assert.All(ranks[1..], r => Assert.Equal(0, Fault(r).Rank));
        End(ranks);
    }

    [Fact]
    public void Silence_is_a_loss()
    {
        // Rank 1 is connected and says nothing, as a process that is stopped.
        var ranks = Start(TimeSpan.FromSeconds(1), beats: static r => r != 1);
        Assert.Contains("Rank 1 (host node, process 11) has not answered for 1 seconds.", Fault(ranks[0]).Message, StringComparison.Ordinal);
        Assert.Equal(1, Fault(ranks[2]).Rank);
        End(ranks);
    }

    [Fact]
    public async Task Reasons_are_passed_on_and_who_stops_waits_for_rank_0()
    {
        var ranks = Start(Long);
        var stopping = Task.Run(() => ranks[1].Watch.Abandon("The data are bad.", Long));
        Assert.Equal("Rank 1 (host node, process 11) has stopped: The data are bad.", Fault(ranks[2]).Message);
        Assert.True(Fault(ranks[0]).IsTold);
        Assert.False(stopping.IsCompleted);
        ranks[0].Watch.Dispose();
        await stopping.WaitAsync(Long, TestContext.Current.CancellationToken);
        End(ranks);
    }

    [Fact]
    public void An_orderly_end_is_no_loss()
    {
        var ranks = Start(Long);
        Array.ForEach(ranks, static r => r.Watch.Leave());
        End(ranks);
        Assert.All(ranks, static r => Assert.False(r.Fault.IsSet));
    }

    [Fact]
    public void Who_does_not_know_the_word_is_not_let_in()
    {
        var identities = Identities();
        using var first = new RankWatch(0, identities, new GroupFault(), Long);
        var (listener, address) = first.Listen();
        using (listener)
        {
            using var stranger = new RankWatch(1, identities, new GroupFault(), Long);
            using var known = new RankWatch(1, identities, new GroupFault(), Long);
            using var other = new RankWatch(2, identities, new GroupFault(), Long);
            Assert.True(stranger.Connect(address with { Secret = new string('0', WatchAddress.SecretLength) }));
            Assert.True(known.Connect(address));
            Assert.True(other.Connect(address));
            first.Accept(listener, address.Secret);
            Assert.Equal(2, first.Watched);
        }
    }

    private static GroupException Fault((RankWatch Watch, GroupFault Fault) rank)
    {
        Assert.True(SpinWait.SpinUntil(() => rank.Fault.IsSet, Long), "nothing was noticed");
        return rank.Fault.Value!;
    }

    private static (RankWatch Watch, GroupFault Fault)[] Start(TimeSpan silence, Func<int, bool>? beats = null)
    {
        var identities = Identities();
        var ranks = Enumerable.Range(0, 3).Select(r => (Fault: new GroupFault(), Rank: r))
            .Select(r => (Watch: new RankWatch(r.Rank, identities, r.Fault, silence), r.Fault)).ToArray();
        var (listener, address) = ranks[0].Watch.Listen();
        using (listener)
        {
            Assert.All(ranks[1..], r => Assert.True(r.Watch.Connect(address)));
            ranks[0].Watch.Accept(listener, address.Secret);
        }
        for (var i = 0; i < ranks.Length; i++)
        {
            if (beats?.Invoke(i) != false)
                ranks[i].Watch.Start();
        }
        return ranks;
    }

    private static void End((RankWatch Watch, GroupFault Fault)[] ranks) => Array.ForEach(ranks, static r => r.Watch.Dispose());

    private static RankIdentity[] Identities() => [.. Enumerable.Range(0, 3).Select(static r => new RankIdentity(new byte[16], "1", "node", 10 + r))];
}
