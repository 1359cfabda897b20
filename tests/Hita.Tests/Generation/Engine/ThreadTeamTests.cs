using Hita.Generation.Engine.Threads;
using Hita.Tests.Support;

namespace Hita.Tests.Generation.Engine;

[Collection(Alone.Name)]
public sealed class ThreadTeamTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(9)]
    public void Every_piece_of_every_phase_is_done_once_and_seen_by_all(int members)
    {
        using var team = new ThreadTeam(members);
        var work = new CountingTask(team, phases: 50, pieces: 37);
        for (var run = 1; run <= 20; run++)
        {
            Within(() => team.Run(work));
            Assert.All(work.Counts, count => Assert.Equal(run, count));
        }
        Assert.Equal(0, work.Unseen);
    }

    [Fact]
    public void Callers_take_turns()
    {
        using var team = new ThreadTeam(3);
        var works = Enumerable.Range(0, 3).Select(_ => new CountingTask(team, phases: 10, pieces: 5)).ToArray();
        Within(() => Parallel.ForEach(works, work =>
        {
            for (var run = 0; run < 200; run++)
                team.Run(work);
        }));
        Assert.All(works, work => Assert.All(work.Counts, count => Assert.Equal(200, count)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public void A_fault_of_one_member_reaches_the_caller_and_the_team_goes_on(int culprit)
    {
        using var team = new ThreadTeam(4);
        var work = new CountingTask(team, phases: 5, pieces: 8);
        for (var round = 0; round < 20; round++)
        {
            var faulty = new FaultyTask(team, culprit, phase: round % 5);
            var error = Assert.Throws<InvalidTimeZoneException>(() => Within(() => team.Run(faulty)));
            Assert.Equal("on purpose", error.Message);
            Within(() => team.Run(work));
        }
        Assert.All(work.Counts, count => Assert.Equal(20, count));
    }

    [Fact]
    public void An_idle_team_uses_no_processor_time()
    {
        using var team = new ThreadTeam(4);
        team.Run(new CountingTask(team, phases: 5, pieces: 8));
        Thread.Sleep(200);
        var before = ProcessorTicks();
        Thread.Sleep(1000);
        Assert.InRange(ProcessorTicks() - before, 0, 20);
    }

    [Fact]
    public void Dissolving_waits_for_the_work_in_progress_and_later_work_is_refused()
    {
        var team = new ThreadTeam(3);
        var work = new SlowTask();
        var running = Task.Run(() => team.Run(work), TestContext.Current.CancellationToken);
        Assert.True(work.Started.Wait(Patience, TestContext.Current.CancellationToken));
        Within(team.Dispose);
        Assert.Equal(3, work.Finished);
        Within(() => running.GetAwaiter().GetResult());
        Assert.Throws<ObjectDisposedException>(() => team.Run(work));
        team.Dispose();
    }

    [Fact]
    public void Nothing_is_allocated_when_work_is_done()
    {
        using var team = new ThreadTeam(2);
        var work = new CountingTask(team, phases: 60, pieces: 8);
        for (var i = 0; i < 20; i++)
            team.Run(work);
        var before = GC.GetTotalAllocatedBytes(precise: true);
        for (var i = 0; i < 100; i++)
            team.Run(work);
        // Others' timers may tick meanwhile; a hundred runs of sixty phases would show.
        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, 4096);
    }

    /// <summary>A deadlock fails the test instead of stopping it.</summary>
    private static void Within(Action action)
    {
        var task = Task.Factory.StartNew(
            action, TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        if (!((IAsyncResult)task).AsyncWaitHandle.WaitOne(Patience))
            Assert.Fail("The team is stuck.");
        task.GetAwaiter().GetResult();
    }

    private sealed class CountingTask(ThreadTeam team, int phases, int pieces) : ITeamTask
    {
        private readonly int[] _counts = new int[phases * pieces];
        private int _unseen;

        public IReadOnlyList<int> Counts => _counts;

        public int Unseen => _unseen;

        public void Execute(int member)
        {
            var expected = 0;
            for (var phase = 0; phase < phases; phase++)
            {
                while (team.TryClaim(member, pieces, out var piece))
                    Interlocked.Increment(ref _counts[(phase * pieces) + piece]);
                team.Meet(member);
                // All pieces of a phase are done, by whomever, once the member has met the others.
                var counts = _counts.AsSpan(phase * pieces, pieces);
                expected = phase == 0 ? counts[0] : expected;
                foreach (var count in counts)
                {
                    if (count != expected)
                        Interlocked.Increment(ref _unseen);
                }
            }
        }
    }

    private sealed class FaultyTask(ThreadTeam team, int culprit, int phase) : ITeamTask
    {
        public void Execute(int member)
        {
            for (var i = 0; i < 5; i++)
            {
                if (member == culprit && i == phase)
                    throw new InvalidTimeZoneException("on purpose");
                team.Meet(member);
            }
        }
    }

    private sealed class SlowTask : ITeamTask
    {
        private int _finished;

        public ManualResetEventSlim Started { get; } = new();

        public int Finished => Volatile.Read(ref _finished);

        public void Execute(int member)
        {
            Started.Set();
            Thread.Sleep(100);
            Interlocked.Increment(ref _finished);
        }
    }

    // Hundredths of a second that the engines' threads have used, by the system's own account of each thread: whatever other
    // threads of this process do, the framework's and the runtime's, is not the team's.
    private static long ProcessorTicks()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs the system's account of single threads");
        return Directory.GetDirectories("/proc/self/task")
            .Where(static t => File.ReadAllText(Path.Combine(t, "comm")).StartsWith("Hita engine", StringComparison.Ordinal))
            .Select(static t => File.ReadAllText(Path.Combine(t, "stat")).Split(") ")[^1].Split(' '))
            .Sum(static fields => long.Parse(fields[11], System.Globalization.CultureInfo.InvariantCulture) + long.Parse(fields[12], System.Globalization.CultureInfo.InvariantCulture));
    }
}
