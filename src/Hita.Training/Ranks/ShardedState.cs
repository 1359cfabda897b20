using Hita.Distributed;
using Hita.Distributed.Collectives;
using Hita.Training.Optimization;
using static TorchSharp.torch;

namespace Hita.Training.Ranks;

/// <summary>What is known of a parameter besides its weights, a piece of it on each rank.</summary>
internal enum ShardedKind
{
    /// <summary>The average of the weights.</summary>
    Average,

    /// <summary>The optimiser's mean gradient.</summary>
    Mean,

    /// <summary>The optimiser's mean squared gradient.</summary>
    Square,
}

/// <summary>
/// The optimiser's state and the average of the weights, of which each rank has its pieces (ZeRO, stage 1). Rank 0 can have any tensor of
/// them whole, one at a time, between steps: it says which, and the others, who wait for its word, give it their pieces.
/// </summary>
/// <param name="parameters">The parameters by name; they stay the caller's.</param>
/// <param name="buckets">Say which rank has which piece.</param>
/// <param name="group">The ranks.</param>
/// <param name="optimizer">The optimiser of this rank's pieces.</param>
/// <param name="average">The average of this rank's pieces; null for none.</param>
internal sealed class ShardedState(
    IReadOnlyDictionary<string, Tensor> parameters, GradientBuckets buckets, ProcessGroup group, AdamOptimizer optimizer, WeightAverage? average)
{
    /// <summary>The first word that asks for a tensor; lower ones are free for others.</summary>
    public const long FirstCall = 2;

    private static readonly int Kinds = Enum.GetValues<ShardedKind>().Length;

    private readonly string[] _names = [.. parameters.Keys];
    private readonly Dictionary<string, int> _numbers = parameters.Keys.Select(static (n, i) => (n, i)).ToDictionary(static p => p.n, static p => p.i, StringComparer.Ordinal);
    private readonly Dictionary<string, MemoryOrder> _orders = parameters.ToDictionary(static p => p.Key, static p => MemoryOrder.Of(p.Value), StringComparer.Ordinal);
    private readonly IReadOnlyDictionary<string, long[]> _counts = buckets.Counts();
    private readonly Dictionary<string, ShardPiece> _pieces = buckets.Pieces.ToDictionary(static p => p.Name, StringComparer.Ordinal);

    /// <summary>Puts a tensor together. On rank 0, between two steps.</summary>
    /// <param name="kind">Which of a parameter's.</param>
    /// <param name="name">The parameter.</param>
    /// <returns>float32 of the parameter's shape and order in memory, on the CPU, in the caller's scope.</returns>
    /// <exception cref="GroupException">A rank was lost.</exception>
    public Tensor Fetch(ShardedKind kind, string name)
    {
        Call(kind, name, stores: false);
        using var scope = NewDisposeScope();
        return _orders[name].Shaped(Collect(kind, name)!).MoveToOuterDisposeScope();
    }

    /// <summary>Gives each rank its piece of a tensor. On rank 0, between two steps.</summary>
    /// <param name="kind">Which of a parameter's.</param>
    /// <param name="name">The parameter.</param>
    /// <param name="value">float32 of the parameter's shape.</param>
    /// <exception cref="GroupException">A rank was lost.</exception>
    public void Store(ShardedKind kind, string name, Tensor value)
    {
        Call(kind, name, stores: true);
        Distribute(kind, name, value);
    }

    /// <summary>Does what rank 0 has asked for. On the other ranks.</summary>
    /// <param name="call">Its word.</param>
    /// <exception cref="GroupException">A rank was lost.</exception>
    public void Answer(long call)
    {
        var (number, stores) = ((int)((call - FirstCall) / 2), (call - FirstCall) % 2 != 0);
        var (kind, name) = ((ShardedKind)(number % Kinds), _names[number / Kinds]);
        if (stores)
            Distribute(kind, name, null);
        else
            Collect(kind, name)?.Dispose();
    }

    /// <summary>Puts the average of the weights into the parameters of rank 0 until the result is disposed.</summary>
    /// <exception cref="GroupException">A rank was lost; the parameters are what they were.</exception>
    public IDisposable Swap()
    {
        if (!group.IsFirst)
            throw new InvalidOperationException("The average of the weights is put together on rank 0 alone.");
        var kept = new KeptWeights([.. parameters.Values]);
        try
        {
            using var frozen = no_grad();
            foreach (var (name, parameter) in parameters)
            {
                using var scope = NewDisposeScope();
                parameter.copy_(Fetch(ShardedKind.Average, name));
            }
            return kept;
        }
        catch
        {
            kept.Dispose();
            throw;
        }
    }

    /// <summary>Replaces rows of the average, and forgets what the optimiser knew of them. Each rank calls it with the same values.</summary>
    public void ReplaceRows(string name, Tensor rows, Tensor values)
    {
        Edit(ShardedKind.Average, name, whole => whole.index_copy_(0, rows, values));
        foreach (var kind in (ShardedKind[])[ShardedKind.Mean, ShardedKind.Square])
            Edit(kind, name, whole => whole.index_fill_(0, rows, Runtime.TensorOps.Constant(0.0)));

        void Edit(ShardedKind kind, string name, Action<Tensor> edit)
        {
            if (PieceOf(kind, name) is not { } piece)
                return;
            using var frozen = no_grad();
            using var scope = NewDisposeScope();
            var flat = zeros([parameters[name].numel()], dtype: ScalarType.Float32, device: piece.device);
            var own = flat.narrow(0, _pieces[name].First, piece.numel());
            own.copy_(piece);
            edit(_orders[name].Shaped(flat));
            piece.copy_(own);
        }
    }

    private void Call(ShardedKind kind, string name, bool stores) =>
        group.Max(FirstCall + (2L * ((_numbers[name] * (long)Kinds) + (int)kind)) + (stores ? 1 : 0));

    private Tensor? PieceOf(ShardedKind kind, string name) => kind switch
    {
        ShardedKind.Average => average?.State.GetValueOrDefault(name),
        ShardedKind.Mean => optimizer.State.GetValueOrDefault("exp_avg." + name),
        _ => optimizer.State.GetValueOrDefault("exp_avg_sq." + name),
    };

    // Null on other ranks than the first; pieces lie in the ranks' order in a tensor's memory.
    private Tensor? Collect(ShardedKind kind, string name)
    {
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        var own = PieceOf(kind, name)?.detach().cpu().contiguous();
        var all = group.IsFirst ? empty([parameters[name].numel()], dtype: ScalarType.Float32) : null;
        group.Host.Gather(AddressOf(own), AddressOf(all), _counts[name], ElementType.Float32, 0).Wait();
        return all?.MoveToOuterDisposeScope();
    }

    private void Distribute(ShardedKind kind, string name, Tensor? value)
    {
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        var all = empty([parameters[name].numel()], dtype: ScalarType.Float32);
        if (value is not null)
            _orders[name].Shaped(all).copy_(value);
        group.Host.Broadcast(TensorMemory.AddressOf(all), all.numel(), ElementType.Float32, 0).Wait();
        if (PieceOf(kind, name) is { } piece)
            piece.copy_(all.narrow(0, _pieces[name].First, piece.numel()));
    }

    private static nint AddressOf(Tensor? tensor) => tensor is null ? 0 : TensorMemory.AddressOf(tensor);
}
