using System.Diagnostics;
using Hita.Distributed;
using Hita.Distributed.Collectives;
using Hita.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Hita.Training.Ranks;

/// <summary>
/// Adds up the gradients of all ranks, some megabytes at a time: a part is on its way while the backward pass computes the next one.
/// </summary>
/// <remarks>
/// Gradients lie a second time in the buckets' memory, float32, on the host or, with NCCL, on the GPU. A bucket also says which of its gradients have arrived on this
/// rank, so that one that arrived on some ranks alone counts as zero on the others.
/// </remarks>
internal sealed class GradientBuckets : IDisposable
{
    private const long BucketElements = 4 << 20;

    private readonly ICollectives _collectives;
    private readonly List<Bucket> _buckets = [];

    /// <param name="parameters">The parameters by name; they stay the caller's.</param>
    /// <param name="stageOf">The part of the backward pass, from 0, after which a parameter's gradient is complete.</param>
    /// <param name="group">The ranks.</param>
    /// <param name="bucketElements">About how many numbers go together.</param>
    public GradientBuckets(IReadOnlyDictionary<string, Tensor> parameters, Func<string, int> stageOf, ProcessGroup group, long bucketElements = BucketElements)
    {
        var device = parameters.Values.First().device;
        // From GPU to GPU where that is possible, else by way of the host's memory.
        _collectives = (device.type == DeviceType.CUDA ? group.JoinDevices(device.index) : null) ?? group.Host;
        var home = _collectives.OnDevice ? device : CPU;
        // Gradients arrive from the network's end to its beginning, as far as the order of the parameters tells.
        var order = parameters.Reverse().Select(p => (Stage: stageOf(p.Key), Parameter: p.Value)).OrderBy(static p => p.Stage);
        var (members, elements, stage) = (new List<Tensor>(), 0L, 0);
        foreach (var (next, parameter) in order)
        {
            if (members.Count > 0 && (elements + parameter.numel() > bucketElements || next != stage))
            {
                _buckets.Add(new Bucket(members, elements, stage, home));
                (members, elements) = ([], 0);
            }
            members.Add(parameter);
            (elements, stage) = (elements + parameter.numel(), next);
        }
        if (members.Count > 0)
            _buckets.Add(new Bucket(members, elements, stage, home));
    }

    /// <summary>Bytes that a step sends to be added up, of this rank.</summary>
    public long Bytes => _buckets.Sum(static b => b.Bytes);

    /// <summary>Seconds that the exchange of the last step took, all buckets together, waits for slower ranks included.</summary>
    public double ExchangeSeconds { get; private set; }

    /// <summary>Seconds of the last step that this rank waited for the exchange with nothing else to do.</summary>
    public double WaitSeconds { get; private set; }

    /// <summary>Begins to exchange what is complete after a part of the last backward pass. Each rank calls it in the same order.</summary>
    /// <param name="stage">The part.</param>
    public void Begin(int stage)
    {
        using var frozen = no_grad();
        foreach (var bucket in _buckets)
        {
            if (bucket.Stage <= stage && bucket.Pending is null)
                bucket.Begin(_collectives);
        }
    }

    /// <summary>Begins what is left, waits, and puts the sums where the gradients were.</summary>
    /// <exception cref="GroupException">A rank was lost; the gradients are not to be used.</exception>
    public void Complete()
    {
        Begin(int.MaxValue);
        var began = Stopwatch.GetTimestamp();
        try
        {
            foreach (var bucket in _buckets)
                bucket.Pending!.Wait();
        }
        finally
        {
            WaitSeconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
            ExchangeSeconds = _buckets.Sum(static b => b.Pending!.Seconds);
            Forget();
        }
        using var frozen = no_grad();
        foreach (var bucket in _buckets)
            bucket.Return();
    }

    /// <summary>Lets go of a step that is given up.</summary>
    public void Forget()
    {
        foreach (var bucket in _buckets)
            bucket.Pending = null;
    }

    /// <summary>Frees the buckets' memory.</summary>
    public void Dispose() => _buckets.ForEach(static b => b.Dispose());

    private sealed class Bucket : IDisposable
    {
        private readonly List<Tensor> _members;
        private readonly Tensor _flat;

        public Bucket(List<Tensor> members, long elements, int stage, Device home)
        {
            (_members, Stage) = (members, stage);
            // One number a parameter says whether its gradient has arrived.
            _flat = zeros([elements + members.Count], dtype: ScalarType.Float32, device: home).DetachFromDisposeScope();
        }

        public int Stage { get; }

        public PendingCollective? Pending { get; set; }

        public long Bytes => _flat.numel() * sizeof(float);

        public void Begin(ICollectives collectives)
        {
            using (NewDisposeScope())
            {
                long place = _members.Count;
                for (var i = 0; i < _members.Count; i++)
                {
                    var target = _flat.narrow(0, place, _members[i].numel());
                    var gradient = _members[i].grad;
                    _flat.narrow(0, i, 1).fill_(gradient is null ? TensorOps.Constant(0.0) : TensorOps.Constant(1.0));
                    if (gradient is null)
                        target.zero_();
                    else
                        target.view(_members[i].shape).copy_(gradient);
                    place += _members[i].numel();
                }
            }
            Pending = collectives.AllReduce(TensorMemory.AddressOf(_flat), _flat.numel(), ElementType.Float32, Reduction.Sum);
        }

        public void Return()
        {
            using var scope = NewDisposeScope();
            var arrived = _flat.narrow(0, 0, _members.Count).ToFloats();
            long place = _members.Count;
            for (var i = 0; i < _members.Count; i++)
            {
                var sum = _flat.narrow(0, place, _members[i].numel()).view(_members[i].shape);
                place += _members[i].numel();
                if (_members[i].grad is { } gradient)
                    gradient.copy_(sum);
                else if (arrived[i] > 0)
                    _members[i].grad = zeros_like(_members[i]).copy_(sum);
            }
        }

        public void Dispose() => _flat.Dispose();
    }
}
