using System.Diagnostics;
using System.Runtime.InteropServices;
using Hita.Distributed;
using Hita.Distributed.Collectives;
using Hita.Runtime;
using Hita.Training.Optimization;
using TorchSharp;
using static TorchSharp.torch;

namespace Hita.Training.Ranks;

/// <summary>
/// Adds up the gradients of all ranks, some megabytes at a time: a part is on its way while the backward pass computes the next one.
/// </summary>
/// <remarks>
/// Gradients lie a second time in the buckets' memory, float32, on the host or, with NCCL, on the GPU. A gradient that arrived on some ranks
/// alone counts as zero on the others.
/// </remarks>
internal sealed class GradientBuckets : IDisposable
{
    private const long BucketElements = 4 << 20;

    private readonly ProcessGroup _group;
    private readonly bool _sharded;
    private readonly float[] _arrived;
    private readonly List<GradientBucket> _buckets = [];

    /// <param name="parameters">The parameters by name; they stay the caller's.</param>
    /// <param name="stageOf">The part of the backward pass, from 0, after which a parameter's gradient is complete.</param>
    /// <param name="group">The ranks.</param>
    /// <param name="options">The type in which they travel.</param>
    /// <param name="sharded">Whether each rank gets the sums of its own pieces alone.</param>
    /// <param name="bucketElements">About how many numbers go together.</param>
    public GradientBuckets(
        IReadOnlyDictionary<string, Tensor> parameters, Func<string, int> stageOf, ProcessGroup group, DistributedOptions options, bool sharded, long bucketElements = BucketElements)
    {
        (_group, _sharded, _arrived) = (group, sharded, new float[parameters.Count]);
        var device = parameters.Values.First().device;
        // From GPU to GPU where that is possible, else by way of the host's memory.
        var collectives = (device.type == DeviceType.CUDA ? group.JoinDevices(device.index) : null) ?? group.Host;
        var home = collectives.OnDevice ? device : CPU;
        var type = options.GradientPrecision == Precision.BFloat16 ? ElementType.BFloat16 : ElementType.Float32;
        // Gradients arrive from the network's end to its beginning, as far as the order of the parameters tells.
        var order = parameters.Select((p, i) => (Number: i, Name: p.Key, Parameter: p.Value)).Reverse().Select(p => (Stage: stageOf(p.Name), p)).OrderBy(static p => p.Stage);
        var (members, elements, stage) = (new List<(int, string, Tensor)>(), 0L, 0);
        foreach (var (next, member) in order)
        {
            if (members.Count > 0 && (elements + member.Parameter.numel() > bucketElements || next != stage))
            {
                _buckets.Add(new GradientBucket(members, stage, collectives, home, type, sharded));
                (members, elements) = ([], 0);
            }
            members.Add(member);
            (elements, stage) = (elements + member.Parameter.numel(), next);
        }
        if (members.Count > 0)
            _buckets.Add(new GradientBucket(members, stage, collectives, home, type, sharded));
        Pieces = [.. _buckets.SelectMany(static b => b.Pieces).OrderBy(static p => p.Number)];
    }

    /// <summary>Bytes that a step sends to be added up, of this rank.</summary>
    public long Bytes => _buckets.Sum(static b => b.Bytes);

    /// <summary>This rank's pieces of the parameters, in the parameters' order.</summary>
    public IReadOnlyList<ShardPiece> Pieces { get; }

    /// <summary>Seconds that the exchange of the last step took, all buckets together, waits for slower ranks included.</summary>
    public double ExchangeSeconds { get; private set; }

    /// <summary>Seconds of the last step that this rank waited for the exchange with nothing else to do.</summary>
    public double WaitSeconds { get; private set; }

    /// <summary>How many numbers of each parameter each rank has, by name.</summary>
    public IReadOnlyDictionary<string, long[]> Counts() => _buckets.SelectMany(static b => b.Counts()).ToDictionary(StringComparer.Ordinal);

    /// <summary>Begins to exchange what is complete after a part of the last backward pass. Each rank calls it in the same order.</summary>
    /// <param name="stage">The part.</param>
    public void Begin(int stage)
    {
        using var frozen = no_grad();
        foreach (var bucket in _buckets)
        {
            if (bucket.Stage <= stage && bucket.Pending.Count == 0)
                bucket.Begin(_arrived);
        }
    }

    /// <summary>Begins what is left, waits, and puts the sums where the gradients were; those of pieces lie with these alone.</summary>
    /// <exception cref="GroupException">A rank was lost; the gradients are not to be used.</exception>
    public void Complete()
    {
        Begin(int.MaxValue);
        (ExchangeSeconds, WaitSeconds) = (0, 0);
        Wait();
        _group.AllReduce(_arrived, Reduction.Sum);
        using var frozen = no_grad();
        foreach (var bucket in _buckets)
        {
            bucket.Settle();
            if (!_sharded)
                bucket.Return(_arrived);
        }
    }

    /// <summary>
    /// The norm of all sums, from those of each rank's pieces: the same to the bit on every rank, and whether the optimiser is sharded or not.
    /// </summary>
    /// <param name="lists">How many tensors are worked on.</param>
    /// <exception cref="GroupException">A rank was lost.</exception>
    public double Norm(ITensorLists lists)
    {
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        Tensor[] sums = [.. Pieces.Select(static p => p.Sums)];
        var own = sums.Length == 0 ? 0 : lists.Norms(sums).ToFloats().Sum(static n => (double)n * n);
        var all = new double[_group.Size];
        _group.AllGather(MemoryMarshal.AsBytes(new ReadOnlySpan<double>(in own)), MemoryMarshal.AsBytes(all.AsSpan()));
        return Math.Sqrt(all.Sum());
    }

    /// <summary>The sums of this rank's pieces, where these lie, in the caller's scope; null where no rank has a gradient.</summary>
    public Tensor?[] Sums() => [.. Pieces.Select(Tensor? (p) => _arrived[p.Number] > 0 ? p.Sums.to(p.Weights.device) : null)];

    /// <summary>Begins to give the weights of this rank's pieces to the others. The sums are gone then.</summary>
    public void BeginWeights()
    {
        using var frozen = no_grad();
        foreach (var bucket in _buckets)
            bucket.BeginWeights();
    }

    /// <summary>Takes over the weights of the others.</summary>
    /// <exception cref="GroupException">A rank was lost; the weights are not to be used.</exception>
    public void CompleteWeights()
    {
        Wait();
        using var frozen = no_grad();
        foreach (var bucket in _buckets)
            bucket.TakeWeights();
    }

    /// <summary>Lets go of a step that is given up.</summary>
    public void Forget()
    {
        foreach (var bucket in _buckets)
            bucket.Pending.Clear();
    }

    /// <summary>Frees the buckets' memory.</summary>
    public void Dispose() => _buckets.ForEach(static b => b.Dispose());

    private void Wait()
    {
        var began = Stopwatch.GetTimestamp();
        try
        {
            foreach (var pending in _buckets.SelectMany(static b => b.Pending))
                pending.Wait();
        }
        finally
        {
            WaitSeconds += Stopwatch.GetElapsedTime(began).TotalSeconds;
            ExchangeSeconds += _buckets.SelectMany(static b => b.Pending).Sum(static p => p.Seconds);
            Forget();
        }
    }
}
