using System.Net;
using System.Net.Sockets;
using System.Text;
using Hita.Distributed.Collectives;
using Hita.Distributed.Launching;

namespace Hita.Distributed.Watching;

/// <summary>
/// Notices within seconds that a rank has ended or is frozen, whatever the launcher and the MPI library make of it. Rank 0 is connected to
/// every other rank: a process that ends closes its connection, one that is frozen stops saying that it is there. Rank 0 tells the others.
/// </summary>
internal sealed class RankWatch : IDisposable
{
    private const int StackBytes = 256 * 1024;
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(5);

    private readonly int _rank;
    private readonly IReadOnlyList<RankIdentity> _ranks;
    private readonly GroupFault _fault;
    private readonly TimeSpan _silence;
    private readonly Dictionary<int, WatchLink> _links = [];
    private readonly CountdownEvent _open = new(1);
    private volatile bool _leaving;

    /// <param name="rank">This process.</param>
    /// <param name="ranks">All ranks.</param>
    /// <param name="fault">Where a loss is noted.</param>
    /// <param name="silence">How long a rank may say nothing.</param>
    public RankWatch(int rank, IReadOnlyList<RankIdentity> ranks, GroupFault fault, TimeSpan silence) =>
        (_rank, _ranks, _fault, _silence) = (rank, ranks, fault, silence);

    /// <summary>What rank 0 itself said of its end; null where it said nothing.</summary>
    public string? WordOfFirst { get; private set; }

    /// <summary>How many other ranks this one watches.</summary>
    public int Watched => _links.Count;

    /// <summary>Opens the door of rank 0.</summary>
    /// <returns>The listener, and what the others have to know.</returns>
    public (TcpListener Listener, WatchAddress Address) Listen()
    {
        // From other machines only where there are ranks on them.
        var near = _ranks.All(r => r.Host == _ranks[0].Host);
        var listener = near || !Socket.OSSupportsIPv6 ? new TcpListener(near ? IPAddress.Loopback : IPAddress.Any, 0) : TcpListener.Create(0);
        listener.Start(_ranks.Count);
        return (listener, WatchAddress.Of(listener, _ranks[0].Host));
    }

    /// <summary>Lets the others in at rank 0. Ranks that cannot come within the limit are not watched.</summary>
    /// <param name="listener">The listener.</param>
    /// <param name="secret">What they have to know.</param>
    public void Accept(TcpListener listener, string secret)
    {
        using var expired = new CancellationTokenSource(ConnectLimit * 2);
        try
        {
            while (_links.Count < _ranks.Count - 1)
            {
                var socket = listener.AcceptSocketAsync(expired.Token).AsTask().GetAwaiter().GetResult();
                socket.NoDelay = true;
                var link = new WatchLink(socket);
                if (Introduction(link, secret) is { } rank && !_links.ContainsKey(rank))
                    _links[rank] = link;
                else
                    link.Dispose();
            }
        }
        catch (OperationCanceledException)
        {
            // What is missing is told as the difference between the links and the ranks.
        }
    }

    /// <summary>Connects to rank 0.</summary>
    /// <returns>Whether it could be reached.</returns>
    public bool Connect(WatchAddress address)
    {
        if (address.Connect(_ranks[_rank].Host, ConnectLimit) is not { } socket)
            return false;
        var link = new WatchLink(socket);
        link.Say(WatchWord.Alive, _rank, address.Secret);
        _links[0] = link;
        return true;
    }

    /// <summary>Begins to watch.</summary>
    public void Start()
    {
        foreach (var (rank, link) in _links)
        {
            _open.AddCount();
            new Thread(() => Watch(rank, link), StackBytes) { IsBackground = true, Name = $"watch of rank {rank}" }.Start();
        }
        var interval = TimeSpan.FromMilliseconds(Math.Clamp(_silence.TotalMilliseconds / 4, 50, 1000));
        // A timer of the pool could come late where the pool is busy with images.
        new Thread(() => Beat(interval), StackBytes) { IsBackground = true, Name = "heartbeat" }.Start();
    }

    /// <summary>Says that all is done; from then on ends are no losses.</summary>
    public void Leave()
    {
        _leaving = true;
        Tell(WatchWord.Done, _rank, "");
    }

    /// <summary>
    /// Says why this rank stops, and waits until rank 0 has stopped as well: a launcher ends all ranks when the first one fails, and rank 0
    /// may be saving.
    /// </summary>
    /// <param name="sentence">Why.</param>
    /// <param name="patience">How long to wait.</param>
    public void Abandon(string sentence, TimeSpan patience)
    {
        _leaving = true;
        Tell(WatchWord.Fault, _rank, sentence);
        if (_rank == 0)
            return;
        _open.Signal();
        _open.Wait(patience);
    }

    /// <summary>Ends all connections.</summary>
    public void Dispose()
    {
        _leaving = true;
        foreach (var link in _links.Values)
            link.Dispose();
    }

    private void Beat(TimeSpan interval)
    {
        while (!_leaving)
        {
            Tell(WatchWord.Alive, _rank, "");
            Thread.Sleep(interval);
        }
    }

    private void Watch(int rank, WatchLink link)
    {
        try
        {
            while (link.Hear(_silence) is { } heard)
            {
                if (heard.Word == WatchWord.Fault)
                    Note(heard.Rank, heard.Text, own: heard.Rank == rank);
            }
            if (!link.IsDone)
                Lose(rank, "has ended without a word");
        }
        catch (TimeoutException)
        {
            Lose(rank, $"has not answered for {_silence.TotalSeconds:0.#} seconds");
        }
        finally
        {
            _open.Signal();
        }
    }

    private void Lose(int rank, string what)
    {
        if (!_leaving)
            Note(rank, $"Rank {rank} ({_ranks[rank].Place}) {what}.", own: false);
    }

    private void Note(int rank, string sentence, bool own)
    {
        if (own && rank == 0)
            WordOfFirst ??= sentence;
        _fault.Set(new GroupException(own ? $"Rank {rank} ({_ranks[rank].Place}) has stopped: {sentence}" : sentence, rank) { IsTold = own });
        if (_rank == 0)
            Tell(WatchWord.Fault, rank, _fault.Value!.Message);
    }

    private void Tell(WatchWord word, int rank, string text)
    {
        foreach (var link in _links.Values)
            link.Say(word, rank, text);
    }

    private int? Introduction(WatchLink link, string secret)
    {
        try
        {
            if (link.Hear(ConnectLimit) is not { Word: WatchWord.Alive } heard || heard.Rank < 1 || heard.Rank >= _ranks.Count)
                return null;
            var (given, needed) = (Encoding.UTF8.GetBytes(heard.Text), Encoding.UTF8.GetBytes(secret));
            return System.Security.Cryptography.CryptographicOperations.FixedTimeEquals(given, needed) ? heard.Rank : null;
        }
        catch (TimeoutException)
        {
            return null;
        }
    }
}
