using Hita.Runtime;
using Hita.Training.Discriminators;
using Hita.Training.Losses;
using Hita.Training.Optimization;
using Hita.Training.Ranks;
using static TorchSharp.torch;

namespace Hita.Training;

/// <summary>A discriminator with its optimiser, and both sides' adversarial losses.</summary>
/// <remarks>
/// It learns from the same forward pass as the tokenizer, before either is updated; this gives the published numbers, where the
/// tokenizer is updated in between, because its reconstruction is not computed anew.
/// </remarks>
internal sealed class Adversary : IDisposable
{
    private readonly IDiscriminator _network;
    private readonly DiscriminatorOptions _options;
    private readonly AdamOptimizer _optimizer;
    private readonly Gradients _gradients;
    private readonly Tensor[] _parameters;
    private readonly List<Tensor> _before = [];
    private Tensor?[] _arrived = [];
    private GradientBuckets? _buckets;
    private double _norm;

    public Adversary(IDiscriminator network, DiscriminatorOptions options, ITensorLists? lists = null)
    {
        _network = network;
        _options = options;
        _parameters = [.. network.Parameters.Values];
        _optimizer = new AdamOptimizer(network.Parameters, options.Optimizer, lists);
        _gradients = new Gradients(network.Parameters, lists);
        State = network.Parameters.Concat(network.Buffers).ToDictionary(StringComparer.Ordinal);
    }

    /// <summary>The discriminator's parameters and buffers.</summary>
    public IReadOnlyDictionary<string, Tensor> State { get; }

    /// <summary>The optimiser's state.</summary>
    public IReadOnlyDictionary<string, Tensor> OptimizerState => _optimizer.State;

    /// <summary>Remembers the buffers, for a step that turns out to be void. In the dispose scope of the step.</summary>
    public void BeginStep()
    {
        using var frozen = no_grad();
        _gradients.Clear();
        _before.Clear();
        _before.AddRange(_network.Buffers.Values.Select(static b => b.clone()));
    }

    /// <summary>The tokenizer's adversarial loss, not yet weighted; null while it has no weight.</summary>
    public Tensor? Challenge(Tensor reconstruction, long step, StepRandom random)
    {
        if (_options.WeightAt(step) > 0)
        {
            // The tokenizer learns through the discriminator, not the discriminator.
            Learns(false);
            try
            {
                return AdversarialLosses.OfGenerator(_options.GeneratorLoss, _network.Judge(reconstruction, random));
            }
            finally
            {
                Learns(true);
            }
        }
        if (!_options.RestUntilStart)
        {
            using var frozen = no_grad();
            _network.Judge(reconstruction, random);
        }
        return null;
    }

    /// <summary>The weight of both sides' loss at a step.</summary>
    public double WeightAt(long step) => _options.WeightAt(step);

    /// <summary>Adds the gradients of the discriminator's own loss for a micro-batch.</summary>
    /// <returns>The weighted loss, in the caller's scope; null while it has no weight.</returns>
    public Tensor? Learn(Tensor images, Tensor reconstruction, MicroBatch at)
    {
        using var scope = NewDisposeScope();
        var weight = _options.WeightAt(at.Step);
        if (weight == 0 && _options.RestUntilStart)
            return null;
        using var frozen = weight == 0 ? no_grad() : null;
        var first = _network.Judge(_options.RealFirst ? images : reconstruction.detach(), at.Random);
        var second = _network.Judge(_options.RealFirst ? reconstruction.detach() : images, at.Random);
        if (weight == 0)
            return null;
        var (real, fake) = _options.RealFirst ? (first, second) : (second, first);
        var loss = AdversarialLosses.OfDiscriminator(_options.Loss, real, fake).Times(weight);
        at.Backward(loss);
        return loss.detach().MoveToOuterDisposeScope();
    }

    /// <summary>From now on normalises batches by the statistics of all ranks' images.</summary>
    /// <param name="exchange">The ranks.</param>
    public void ShareStatistics(RankExchange exchange) => _network.ShareStatistics(exchange);

    /// <summary>Adds up the gradients of all ranks, and brings the networks' statistics together.</summary>
    /// <param name="exchange">The ranks.</param>
    /// <param name="step">The step's number.</param>
    public void Share(RankExchange exchange, long step)
    {
        exchange.Average(_network.Buffers.Values);
        if (_options.WeightAt(step) == 0)
            return;
        _buckets ??= new GradientBuckets(_network.Parameters, static _ => 0, exchange.Group, exchange.Options, sharded: false);
        _buckets.Complete();
    }

    /// <summary>Reads the gradients that have come together, zeros while the loss has no weight. In the dispose scope of the update.</summary>
    /// <param name="step">The step's number.</param>
    /// <returns>Their norm, before clipping.</returns>
    public double Measure(long step)
    {
        using var frozen = no_grad();
        _arrived = _options.WeightAt(step) > 0 ? _gradients.Read() : _gradients.Zeros();
        return _norm = _gradients.Norm(_arrived);
    }

    /// <summary>Clips the gradients that were measured and takes a step along them.</summary>
    /// <param name="step">The step's number.</param>
    public void Update(long step)
    {
        if (_options.WeightAt(step) == 0 && _options.RestUntilStart)
            return;
        _gradients.Clip(_arrived, _norm, _options.Optimizer.ClipNorm);
        _optimizer.Step(_arrived, step);
    }

    /// <summary>Puts the buffers back to what they were when the step began.</summary>
    public void Undo()
    {
        using var frozen = no_grad();
        foreach (var (buffer, before) in _network.Buffers.Values.Zip(_before))
            buffer.copy_(before);
    }

    /// <summary>Frees the gradients.</summary>
    public void EndStep()
    {
        _gradients.Clear();
        _buckets?.Forget();
        _before.Clear();
        _arrived = [];
    }

    public void Dispose()
    {
        _optimizer.Dispose();
        _buckets?.Dispose();
        _network.Dispose();
    }

    private void Learns(bool learns)
    {
        foreach (var parameter in _parameters)
            parameter.requires_grad_(learns);
    }
}
