using Hita.Checkpoints;
using Hita.Distributed;
using Hita.Distributed.Collectives;
using Hita.Runtime;
using Hita.Training.Optimization;
using Hita.Training.Ranks;
using static TorchSharp.torch;

namespace Hita.Training;

/// <summary>
/// The step that every training takes: gradients accumulated over micro-batches, their norm, one update or none, and the
/// exponential moving average of the weights. What a training has of its own is its loss.
/// </summary>
/// <typeparam name="TBatch">What a step learns from.</typeparam>
public abstract class Trainer<TBatch> : ITrainer<TBatch>
{
    private readonly OptimizerOptions _optimization;
    private readonly AverageOptions? _averaging;
    private readonly Gradients _gradients;
    private readonly ITensorLists _lists;
    private readonly ulong _seed;
    private readonly TrainedWeights _weights;
    private readonly List<(string File, IReadOnlyDictionary<string, Tensor> Tensors)> _added = [];
    // Made by MakeState, or by Join: which part of the parameters they are of is known when the ranks have come together.
    private AdamOptimizer? _optimizer;
    private WeightAverage? _average;
    private Dictionary<string, IReadOnlyDictionary<string, Tensor>>? _state;

    /// <summary>Takes over what is trained.</summary>
    /// <param name="weights">What is saved and what is trained; the tensors stay the network's.</param>
    /// <param name="optimization">The optimiser's numbers.</param>
    /// <param name="averaging">The average of the weights; null for none.</param>
    /// <param name="seed">All that is random in a step is a function of it and the step's number.</param>
    /// <param name="lists">How many tensors are worked on; null for one native call.</param>
    private protected Trainer(
        TrainedWeights weights, OptimizerOptions optimization, AverageOptions? averaging, ulong seed, ITensorLists? lists = null)
    {
        (_optimization, _averaging, _seed, _weights, _lists) = (optimization, averaging, seed, weights, lists ?? TensorLists.Fused);
        _gradients = new Gradients(weights.Trained, lists);
    }

    /// <inheritdoc/>
    /// <remarks>Where the optimiser is sharded, what each rank has a piece of is not among it.</remarks>
    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, Tensor>> State => _state ??= ComposeState();

    /// <summary>The weights that are saved, by name.</summary>
    private protected IReadOnlyDictionary<string, Tensor> Weights => _weights.Kept;

    /// <summary>What each rank has a piece of; null where the optimiser is not sharded.</summary>
    internal ShardedState? Shards { get; private set; }

    /// <summary>All tensors of a checkpoint by file, those of which each rank has a piece included; rank 0 alone reads and writes these.</summary>
    internal IReadOnlyDictionary<string, IReadOnlyList<StateTensor>> Files => Shards is null ? StateTensor.Of(State) : ComposeFiles(Shards);

    /// <summary>What the ranks give each other; null for one process.</summary>
    private protected RankExchange? Exchange { get; private set; }

    /// <summary>The gradients on their way to the other ranks; null for one process.</summary>
    private protected GradientBuckets? Buckets { get; private set; }

    /// <summary>
    /// Told what a loss shows of each micro-batch, and that the <c>gradients</c> (then without a tensor) lie at the parameters,
    /// clipped; for comparisons with other implementations.
    /// </summary>
    internal Action<string, Tensor?>? Observer { get; set; }

    /// <summary>Told each part of a step when it is done, on the thread that takes the step; for measuring where time goes.</summary>
    internal Action<StepPart>? PartDone { get; set; }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">There is no batch, or one that is not of this training's kind.</exception>
    /// <exception cref="HitaException">A batch does not fit the network.</exception>
    public StepReport TakeStep(IReadOnlyList<TBatch> microBatches, long number)
    {
        ArgumentNullException.ThrowIfNull(microBatches);
        ArgumentOutOfRangeException.ThrowIfLessThan(number, 1);
        if (microBatches.Count == 0)
            throw new ArgumentException("A step needs at least one batch.", nameof(microBatches));
        int[] counts = [.. microBatches.Select(CountImages)];
        // Every rank has as many images: they share the step out evenly.
        var (rank, size) = Exchange is { Group: var group } ? (group.Rank, group.Size) : (0, 1);
        var total = counts.Sum() * size;
        MakeState();
        using var memory = MemoryReuse.Begin();
        using var scope = NewDisposeScope();
        using var graph = enable_grad();
        var meter = new StepMeter();
        try
        {
            Begin();
            _gradients.Clear();
            // Before anything of this step is changed: a rank that is lost meanwhile leaves the step before whole.
            if (Exchange is { Options.CompareEvery: > 0 and var every } && number % every == 0)
                WeightComparison.Require(Exchange.Group, [.. State.Where(static f => f.Key is "model" or "discriminator").SelectMany(static f => f.Value)], number - 1);
            for (var i = 0; i < counts.Length; i++)
            {
                using var part = NewDisposeScope();
                var random = RandomOf(number, (rank * counts.Length) + i);
                Learn(microBatches[i], new MicroBatch(number, (double)counts[i] / total, meter, random, i == counts.Length - 1));
            }
            return Finish(meter, number);
        }
        catch (GroupException)
        {
            // Nothing has been updated yet: all that ranks exchange comes before, unless they give each other weights, of which a part may
            // be updated then. Such a rank saves nothing, as what the lost one had a piece of is lost.
            Undo();
            throw;
        }
        finally
        {
            meter.Dispose();
            _gradients.Clear();
            Buckets?.Forget();
            End();
        }
    }

    /// <summary>
    /// Puts the average of the weights into the network until the result is disposed, for several evaluations at once. No step may
    /// be taken and no state saved in between.
    /// </summary>
    /// <exception cref="InvalidOperationException">This training keeps no average.</exception>
    public IDisposable UseAverage()
    {
        MakeState();
        return _average is null
            ? throw new InvalidOperationException("This training keeps no average of the weights.")
            : Shards?.Swap() ?? _average.Swap();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _optimizer?.Dispose();
        _average?.Dispose();
        Buckets?.Dispose();
        DisposeNetworks();
        GC.SuppressFinalize(this);
    }

    /// <summary>
    /// From now on takes its steps together with other ranks, each with its part of a step's images; <see cref="Spread"/> comes next.
    /// n ranks with p micro-batches each learn what one process with n · p micro-batches does, up to the rounding of sums.
    /// </summary>
    /// <param name="group">The ranks; it stays the caller's.</param>
    /// <param name="options">How they train together.</param>
    internal void Join(ProcessGroup group, DistributedOptions options)
    {
        if (group.Size == 1)
            return;
        Exchange = new RankExchange(group, options);
        Buckets = new GradientBuckets(_weights.Trained, StageOf, group, options, options.ShardOptimizer);
        Joined(Exchange);
        if (!options.ShardOptimizer)
            return;
        if (_optimizer is not null || _average is not null)
            throw new InvalidOperationException("The optimiser's state is there as a whole already.");
        _state = null;
        var pieces = Buckets.Pieces.ToDictionary(static p => p.Name, static p => p.Weights, StringComparer.Ordinal);
        _optimizer = new AdamOptimizer(pieces, _optimization, _lists, name => _weights.Trained[name].Dimensions >= 2);
        _average = _averaging is null ? null : new WeightAverage(pieces, _lists);
        Shards = new ShardedState(_weights.Trained, Buckets, group, _optimizer, _average);
    }

    /// <summary>Tells a stage's own networks that there are other ranks.</summary>
    private protected virtual void Joined(RankExchange exchange)
    {
    }

    /// <summary>Gives rank 0's state to all ranks. Each of them calls it.</summary>
    /// <param name="starts">Whether this is a run's start, at which the average is that of the weights alone.</param>
    /// <exception cref="GroupException">A rank was lost.</exception>
    internal void Spread(bool starts)
    {
        Exchange?.Spread(State.Values.SelectMany(static f => f.Values));
        if (starts && Shards is not null)
            _average?.Restart();
    }

    /// <summary>The part of the backward pass, from 0, after which a parameter's gradient is complete.</summary>
    private protected virtual int StageOf(string name) => 0;

    /// <summary>Gives to the other ranks what a step needs of theirs besides gradients. Nothing has been updated yet.</summary>
    private protected virtual void Share(long number)
    {
    }

    /// <summary>Checks a batch before anything is changed.</summary>
    /// <returns>Its images, 1 or more.</returns>
    private protected abstract int CountImages(TBatch batch);

    /// <summary>Prepares the networks for a step. In the dispose scope of the step, as all of the following.</summary>
    private protected abstract void Begin();

    /// <summary>The forward pass over a micro-batch, in a dispose scope of its own, and the gradients of its loss.</summary>
    private protected abstract void Learn(TBatch batch, MicroBatch at);

    /// <summary>Adds what else has to be finite for the step to be taken. Nothing has been changed yet.</summary>
    private protected virtual void Measure(List<KeyValuePair<string, double>> values, long number)
    {
    }

    /// <summary>Takes back what the forward passes changed, since the step is not taken.</summary>
    private protected virtual void Undo()
    {
    }

    /// <summary>The weights are updated: takes what other steps belong to this one, and adds what is measured besides.</summary>
    private protected virtual void Complete(List<KeyValuePair<string, double>> values, long number)
    {
    }

    /// <summary>Frees what the step gathered, whether it was taken or not.</summary>
    private protected virtual void End()
    {
    }

    /// <summary>Frees the networks that the trainer owns, and what it made besides.</summary>
    private protected abstract void DisposeNetworks();

    /// <summary>The learning rate of a step, from 1.</summary>
    private protected virtual double RateAt(long number) => _optimization.RateAt(number);

    /// <summary>Random numbers of a step that are a function of the seed.</summary>
    /// <param name="number">The step's number, from 1.</param>
    /// <param name="microBatch">The place of a micro-batch in the step; below 0 for what belongs to none.</param>
    private protected StepRandom RandomOf(long number, int microBatch) => new(_seed, number, microBatch);

    /// <summary>Adds tensors to a file of the state.</summary>
    private protected void AddState(string file, IReadOnlyDictionary<string, Tensor> tensors)
    {
        _added.Add((file, tensors));
        _state = null;
    }

    /// <summary>Replaces rows of a weight and of its average; what the optimiser knew of them is forgotten.</summary>
    private protected void ReplaceRows(string name, Tensor rows, Tensor values)
    {
        Weights[name].index_copy_(0, rows, values).DetachFromDisposeScope();
        if (Shards is not null)
        {
            Shards.ReplaceRows(name, rows, values);
            return;
        }
        _average?.State[name].index_copy_(0, rows, values).DetachFromDisposeScope();
        _optimizer!.ForgetRows(name, rows);
    }

    // Both at one moment, before anything changes the weights: the average begins at what they are then.
    private void MakeState()
    {
        _optimizer ??= new AdamOptimizer(_weights.Trained, _optimization, _lists);
        if (_averaging is not null)
            _average ??= new WeightAverage(_weights.Kept, _lists);
    }

    private Dictionary<string, IReadOnlyDictionary<string, Tensor>> ComposeState()
    {
        MakeState();
        var state = new Dictionary<string, IReadOnlyDictionary<string, Tensor>>(StringComparer.Ordinal) { ["model"] = _weights.Kept };
        if (Shards is null && _average is not null)
            state["ema"] = _average.State;
        state["optimizer"] = Shards is null ? _optimizer!.State : _optimizer!.State.Where(static t => t.Key == AdamOptimizer.StepName).ToDictionary(StringComparer.Ordinal);
        foreach (var (file, tensors) in _added)
            state[file] = state.TryGetValue(file, out var others) ? others.Concat(tensors).ToDictionary(StringComparer.Ordinal) : tensors;
        return state;
    }

    // In the order in which a single process has them.
    private Dictionary<string, IReadOnlyList<StateTensor>> ComposeFiles(ShardedState shards)
    {
        var files = StateTensor.Of(State).ToDictionary(StringComparer.Ordinal);
        var (trained, whole) = (_weights.Trained, files["optimizer"]);
        var pieces = trained.SelectMany(p => new[] { Piece("exp_avg." + p.Key, p.Key, ShardedKind.Mean), Piece("exp_avg_sq." + p.Key, p.Key, ShardedKind.Square) });
        files["optimizer"] = [.. whole.Where(static t => t.Name == AdamOptimizer.StepName), .. pieces, .. whole.Where(static t => t.Name != AdamOptimizer.StepName)];
        // What is not trained is its own average.
        if (_averaging is not null)
            files["ema"] = [.. _weights.Kept.Select(p => trained.ContainsKey(p.Key) ? Piece(p.Key, p.Key, ShardedKind.Average) : StateTensor.Of(p.Key, p.Value))];
        return files;

        StateTensor Piece(string name, string parameter, ShardedKind kind) => new(
            new TensorEntry(name, TensorType.Float32, trained[parameter].shape), () => shards.Fetch(kind, parameter), value => shards.Store(kind, parameter, value));
    }

    // All gradients are known and nothing has been changed yet: a step is taken as a whole or not at all.
    private StepReport Finish(StepMeter meter, long number)
    {
        using var scope = NewDisposeScope();
        Buckets?.Complete();
        var values = meter.Read();
        Exchange?.Sum(values);
        Share(number);
        var gradients = Shards is null ? _gradients.Read() : Buckets!.Sums();
        var norm = Buckets?.Norm(_lists) ?? _gradients.Norm(gradients);
        values.Add(KeyValuePair.Create("grad_norm", norm));
        Measure(values, number);
        if (!values.TrueForAll(static v => double.IsFinite(v.Value)))
        {
            Undo();
            return new StepReport(values, Skipped: true);
        }

        var rate = RateAt(number);
        _gradients.Clip(gradients, norm, _optimization.ClipNorm);
        Observer?.Invoke("gradients", null);
        _optimizer!.Step(gradients, number, rate);
        PartDone?.Invoke(StepPart.Optimizer);
        if (Shards is not null)
            Buckets!.BeginWeights();
        _average?.Update(_averaging!.DecayAt(number));
        if (Shards is not null)
            Buckets!.CompleteWeights();
        PartDone?.Invoke(StepPart.Average);
        values.Add(KeyValuePair.Create("learning_rate", rate));
        Complete(values, number);
        if (Buckets is not null)
        {
            values.Add(KeyValuePair.Create("exchange_seconds", Buckets.ExchangeSeconds));
            values.Add(KeyValuePair.Create("exchange_wait_seconds", Buckets.WaitSeconds));
        }
        return new StepReport(values, Skipped: false);
    }
}
