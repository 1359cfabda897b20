using Hita.Distributed.Collectives;
using static TorchSharp.torch;

namespace Hita.Training.Ranks;

/// <summary>
/// Gradients that are added up together. Their numbers lie in one row, a part of it a rank: each rank adds up its own part and then gives
/// it to the others or, where optimisers are sharded, gives them the weights that it computed from it.
/// </summary>
internal sealed class GradientBucket : IDisposable
{
    // The tensor library computes many numbers at a time and the rest of a row one by one, which may differ in the last bit: pieces that
    // begin and end at multiples of this are computed as the whole is.
    private const long Alignment = 64;

    private readonly ICollectives _collectives;
    private readonly List<Member> _members = [];
    private readonly ElementType _type;
    private readonly bool _sharded;
    private readonly long _part;
    // What travels: gradients in the type that was asked for.
    private readonly Tensor _row;
    // The weights of all, float32: the same row where gradients travel in float32; none where no weights are exchanged.
    private readonly Tensor? _weights;
    // This rank's part of the sums, float32: its place in the row of weights where there is one.
    private readonly Tensor _sums;

    /// <param name="parameters">Numbers and names of the parameters, and these themselves, in the order in which they lie here.</param>
    /// <param name="stage">The part of the backward pass after which they are complete.</param>
    /// <param name="collectives">The ranks.</param>
    /// <param name="home">Where the row lies.</param>
    /// <param name="type">The type in which gradients travel, float32 or bfloat16.</param>
    /// <param name="sharded">Whether each rank gets its own part of the sums alone, and gives the others weights.</param>
    public GradientBucket(
        IEnumerable<(int Number, string Name, Tensor Parameter)> parameters, int stage, ICollectives collectives, Device home, ElementType type, bool sharded)
    {
        (_collectives, Stage, _type, _sharded) = (collectives, stage, type, sharded);
        long place = 0;
        foreach (var (number, name, parameter) in parameters)
        {
            _members.Add(new Member(number, name, parameter, place, MemoryOrder.Of(parameter)));
            place += RoundUp(parameter.numel());
        }
        _part = RoundUp((place + collectives.Size - 1) / collectives.Size);
        _row = Zeros(_part * collectives.Size, type == ElementType.BFloat16 ? ScalarType.BFloat16 : ScalarType.Float32, home);
        _weights = type == ElementType.Float32 ? _row : sharded ? Zeros(_row.numel(), ScalarType.Float32, home) : null;
        _sums = _weights?.narrow(0, collectives.Rank * _part, _part).DetachFromDisposeScope() ?? Zeros(_part, ScalarType.Float32, home);
        Pieces = [.. _members.Select(PieceOf).OfType<ShardPiece>()];
    }

    /// <summary>The part of the backward pass after which the gradients are complete.</summary>
    public int Stage { get; }

    /// <summary>What is under way in this step.</summary>
    public List<PendingCollective> Pending { get; } = [];

    /// <summary>This rank's pieces of the parameters.</summary>
    public IReadOnlyList<ShardPiece> Pieces { get; }

    /// <summary>Bytes of the row.</summary>
    public long Bytes => _row.numel() * _type.Size();

    /// <summary>How many numbers of each parameter each rank has, by name.</summary>
    public IEnumerable<KeyValuePair<string, long[]>> Counts() =>
        _members.Select(m => KeyValuePair.Create(m.Name, Enumerable.Range(0, _collectives.Size).Select(r => RangeOf(m, r).Length).ToArray()));

    /// <summary>Begins to add up.</summary>
    /// <param name="arrived">Which gradients have arrived on this rank, 1 or 0, by the parameters' numbers; set.</param>
    public void Begin(float[] arrived)
    {
        using (NewDisposeScope())
        {
            foreach (var member in _members)
            {
                var target = RowOf(_row, member);
                var gradient = member.Parameter.grad;
                arrived[member.Number] = gradient is null ? 0 : 1;
                if (gradient is null)
                    target.zero_();
                else
                    member.Order.Shaped(target).copy_(gradient);
            }
        }
        var (data, own) = Places(_row, _type);
        Pending.Add(_collectives.ReduceScatter(data, own, _part, _type));
        if (!_sharded)
            Pending.Add(_collectives.AllGather(own, data, _part, _type));
    }

    /// <summary>The sums are there: those of this rank's part are float32 from now on.</summary>
    public void Settle()
    {
        using var scope = NewDisposeScope();
        if (_type != ElementType.Float32)
            _sums.copy_(_row.narrow(0, _collectives.Rank * _part, _part));
    }

    /// <summary>Puts the sums where the gradients were.</summary>
    /// <param name="arrived">On how many ranks each gradient has arrived.</param>
    public void Return(float[] arrived)
    {
        using var scope = NewDisposeScope();
        foreach (var member in _members)
        {
            var sum = member.Order.Shaped(RowOf(_row, member));
            if (member.Parameter.grad is { } gradient)
                gradient.copy_(sum);
            else if (arrived[member.Number] > 0)
                member.Parameter.grad = zeros_like(member.Parameter).copy_(sum);
        }
    }

    /// <summary>Begins to give this rank's pieces of the weights to the others, in place of the gradients.</summary>
    public void BeginWeights()
    {
        foreach (var piece in Pieces)
            piece.Sums.copy_(piece.Weights).DetachFromDisposeScope();
        var (data, own) = Places(_weights!, ElementType.Float32);
        Pending.Add(_collectives.AllGather(own, data, _part, ElementType.Float32));
    }

    /// <summary>Takes over what the others have given.</summary>
    public void TakeWeights()
    {
        using var scope = NewDisposeScope();
        foreach (var member in _members)
            member.Parameter.detach().copy_(member.Order.Shaped(RowOf(_weights!, member)));
    }

    public void Dispose()
    {
        foreach (var piece in Pieces)
        {
            piece.Weights.Dispose();
            piece.Sums.Dispose();
        }
        _sums.Dispose();
        if (!ReferenceEquals(_weights, _row))
            _weights?.Dispose();
        _row.Dispose();
    }

    private static Tensor Zeros(long count, ScalarType type, Device home) => zeros([count], dtype: type, device: home).DetachFromDisposeScope();

    private static long RoundUp(long count) => (count + Alignment - 1) / Alignment * Alignment;

    private (nint Data, nint OwnPart) Places(Tensor row, ElementType type)
    {
        var data = TensorMemory.AddressOf(row);
        return (data, data + (nint)(_collectives.Rank * _part * type.Size()));
    }

    private static Tensor RowOf(Tensor row, Member member) => row.narrow(0, member.Place, member.Parameter.numel());

    // Of the parameter's numbers.
    private (long First, long Length) RangeOf(Member member, int rank)
    {
        var first = Math.Max(member.Place, rank * _part);
        var end = Math.Min(member.Place + member.Parameter.numel(), (rank + 1) * _part);
        return (first - member.Place, Math.Max(0, end - first));
    }

    private ShardPiece? PieceOf(Member member)
    {
        var (first, length) = RangeOf(member, _collectives.Rank);
        if (length == 0)
            return null;
        using var scope = NewDisposeScope();
        return new ShardPiece(
            member.Number, member.Name, first,
            member.Order.Flat(member.Parameter.detach()).narrow(0, first, length).DetachFromDisposeScope(),
            _sums.narrow(0, member.Place + first - (_collectives.Rank * _part), length).DetachFromDisposeScope());
    }

    private sealed record Member(int Number, string Name, Tensor Parameter, long Place, MemoryOrder Order);
}

/// <summary>This rank's piece of a parameter; each rank has at most one of each.</summary>
/// <param name="Number">The parameter's number.</param>
/// <param name="Name">Its name.</param>
/// <param name="First">Where the piece begins, in the parameter's memory.</param>
/// <param name="Weights">The piece itself, a row of numbers in the parameter's memory.</param>
/// <param name="Sums">The sums of its gradients over all ranks, once they are complete.</param>
internal sealed record ShardPiece(int Number, string Name, long First, Tensor Weights, Tensor Sums);
