using System.Net.Sockets;
using Hita.Distributed.Collectives;
using Hita.Distributed.Launching;
using Hita.Distributed.Mpi;
using Hita.Distributed.Nccl;
using Hita.Distributed.Watching;

namespace Hita.Distributed;

/// <summary>
/// The processes that a launcher started together, of which this is one. Operations are collective: every rank calls them, in the same
/// order and with the same counts.
/// </summary>
public sealed partial class ProcessGroup : IDisposable
{
    private readonly ICollectives _host;
    private readonly GroupOptions _options;
    private readonly GroupFault _fault;
    private RankIdentity[]? _ranks;
    private RankWatch? _watch;
    private NcclCollectives? _devices;
    private bool _over;

    private ProcessGroup(ICollectives host, GroupOptions options, GroupFault fault, int localRank)
    {
        (_host, _options, _fault, LocalRank) = (host, options, fault, localRank);
    }

    /// <summary>The number of this process, from 0.</summary>
    public int Rank => _host.Rank;

    /// <summary>How many processes there are; 1 where no launcher started this one.</summary>
    public int Size => _host.Size;

    /// <summary>The number of this process among those of its machine, from 0: which of the machine's GPUs is its own.</summary>
    public int LocalRank { get; }

    /// <summary>Whether this is the process that writes, prints and decides: rank 0.</summary>
    public bool IsFirst => Rank == 0;

    /// <summary>What brings the ranks together, for people.</summary>
    public string Description => _host.Description;

    /// <summary>What a person should know about the group, a sentence each; known to rank 0.</summary>
    public IReadOnlyList<string> Notes { get; private set; } = [];

    /// <summary>All ranks; where there is one, this process.</summary>
    internal IReadOnlyList<RankIdentity> Ranks => _ranks ??= [RankIdentity.OfThisProcess()];

    /// <summary>The operations as they are carried out in memory of the host.</summary>
    internal ICollectives Host => _host;

    /// <summary>
    /// The operations in memory of the ranks' GPUs, by NCCL; null where a rank has no NCCL. Every rank calls it.
    /// </summary>
    /// <param name="device">The GPU of this rank.</param>
    /// <exception cref="GroupException">A rank was lost, or NCCL fails.</exception>
    internal ICollectives? JoinDevices(int device) => _devices ??= Size == 1 ? null : NcclCollectives.Join(_host, device, _fault, _options.Limit);

    /// <summary>A group of this process alone.</summary>
    public static ProcessGroup Alone() => Alone(localRank: 0);

    /// <summary>Joins the ranks that the launcher started with this process; without a launcher, or with one rank, no library is loaded.</summary>
    /// <param name="options">How long to be patient; null for the defaults.</param>
    /// <exception cref="GroupException">There is no MPI library, a wrong one, or ranks run another build than this one.</exception>
    public static ProcessGroup Join(GroupOptions? options = null)
    {
        options = (options ?? new GroupOptions()).Validate();
        if (LaunchEnvironment.Find() is not { Size: > 1 } launched)
            return Alone(LaunchEnvironment.Find()?.LocalRank ?? 0);
        var fault = new GroupFault();
        var joined = new ProcessGroup(MpiCollectives.Join(launched, fault, options.Limit), options, fault, launched.LocalRank);
        joined.Introduce();
        joined.Watch();
        return joined;
    }

    /// <summary>Does something together with the other ranks. What it throws, the other ranks are told.</summary>
    /// <param name="options">How long to be patient; null for the defaults.</param>
    /// <param name="work">What to do.</param>
    /// <exception cref="GroupException">The ranks could not come together, or one of them was lost.</exception>
    public static void Run(GroupOptions? options, Action<ProcessGroup> work)
    {
        ArgumentNullException.ThrowIfNull(work);
        using var group = Join(options);
        try
        {
            work(group);
        }
        catch (OperationCanceledException) when (group._over)
        {
            throw;
        }
        catch (Exception e)
        {
            group.Abandon(e);
            throw;
        }
    }

    /// <summary>
    /// To be called by every rank when all of them stop for the same reason, such as a signal that one of them has got: returns when every
    /// rank is here, and what is thrown afterwards is nobody's fault.
    /// </summary>
    public void StopTogether()
    {
        Barrier();
        _over = true;
    }

    /// <summary>Whether a rank is known to be lost.</summary>
    public bool HasLostRank => _fault.IsSet;

    /// <summary>Throws if a rank is known to be lost.</summary>
    /// <exception cref="GroupException">Names it.</exception>
    public void ThrowIfLost() => _fault.ThrowIfSet();

    /// <summary>Whether rank 0 stopped with this sentence itself, so that it has been printed already.</summary>
    /// <param name="sentence">The sentence.</param>
    public bool IsToldByFirst(string sentence) => !IsFirst && _watch?.WordOfFirst == sentence;

    /// <summary>Leaves the group: in order, where no rank has failed.</summary>
    public void Dispose()
    {
        if (!_fault.IsSet && Size > 1)
        {
            try
            {
                Barrier();
                _devices?.Close();
                _watch?.Leave();
                _host.Close();
            }
            catch (GroupException)
            {
                // All that was to be done has been done.
            }
        }
        _watch?.Dispose();
        _devices?.Dispose();
        _host.Dispose();
    }

    // Nothing of the group may be used afterwards, as the ranks are no longer at the same place.
    private void Abandon(Exception cause)
    {
        if (Size == 1)
            return;
        var sentence = cause is Runtime.HitaException ? cause.Message : cause is OperationCanceledException ? "it was told to." : $"{cause.GetType().Name}: {cause.Message}";
        _watch?.Abandon(sentence, _options.Grace);
        _fault.Set(new GroupException(sentence, Rank));
    }

    // Before anything else, as all else may differ between builds.
    private void Introduce()
    {
        var all = new byte[RankIdentity.Length * Size];
        var own = new byte[RankIdentity.Length];
        RankIdentity.OfThisProcess().Write(own);
        AllGather(own, all);
        _ranks = [.. all.Chunk(RankIdentity.Length).Select(static r => RankIdentity.Read(r))];
        for (var rank = 1; rank < Size; rank++)
        {
            if (!Ranks[rank].Build.AsSpan().SequenceEqual(Ranks[0].Build))
                throw new GroupException($"Rank {rank} (host {Ranks[rank].Host}) runs another build of Hita ({Ranks[rank].Version}) than rank 0 (host {Ranks[0].Host}; {Ranks[0].Version}): install the same build for all ranks.", rank);
        }
    }

    private void Watch()
    {
        var watch = new RankWatch(Rank, Ranks, _fault, _options.Silence);
        var watched = new long[Size];
        if (IsFirst)
            Receive(watch);
        else if (Broadcast(null) is { Length: > 0 } address)
            watched[Rank] = watch.Connect(WatchAddress.Read(address)) ? 1 : 0;
        AllReduce(watched, Reduction.Sum);
        _watch = watch;
        watch.Start();
        var missing = Enumerable.Range(1, Size - 1).Where(r => watched[r] == 0).ToList();
        if (missing.Count > 0)
            Notes = [$"Rank {missing[0]} (host {Ranks[missing[0]].Host}){(missing.Count > 1 ? $" and {missing.Count - 1} more" : "")} cannot reach rank 0 (host {Ranks[0].Host}) over TCP: should it end or freeze, the others learn it from the launcher alone, or after {_options.Limit.TotalMinutes:0} minutes."];
    }

    private void Receive(RankWatch watch)
    {
        TcpListener listener;
        WatchAddress address;
        try
        {
            (listener, address) = watch.Listen();
        }
        catch (SocketException)
        {
            // A machine without a network has ranks all the same; they are told that they are not watched.
            Broadcast([]);
            return;
        }
        using (listener)
        {
            Broadcast(address.ToBytes());
            watch.Accept(listener, address.Secret);
        }
    }

    private static ProcessGroup Alone(int localRank) => new(new SingleProcess(), new GroupOptions(), new GroupFault(), localRank);
}
