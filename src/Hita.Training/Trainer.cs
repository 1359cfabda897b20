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
    private readonly AdamOptimizer _optimizer;
    private readonly Gradients _gradients;
    private readonly WeightAverage? _average;
    private readonly ulong _seed;
    private readonly TrainedWeights _weights;
    private readonly Dictionary<string, IReadOnlyDictionary<string, Tensor>> _state = new(StringComparer.Ordinal);

    /// <summary>Creates the optimiser and the average.</summary>
    /// <param name="weights">What is saved and what is trained; the tensors stay the network's.</param>
    /// <param name="optimization">The optimiser's numbers.</param>
    /// <param name="averaging">The average of the weights; null for none.</param>
    /// <param name="seed">All that is random in a step is a function of it and the step's number.</param>
    /// <param name="lists">How many tensors are worked on; null for one native call.</param>
    private protected Trainer(
        TrainedWeights weights, OptimizerOptions optimization, AverageOptions? averaging, ulong seed, ITensorLists? lists = null)
    {
        (_optimization, _averaging, _seed, _weights) = (optimization, averaging, seed, weights);
        _optimizer = new AdamOptimizer(weights.Trained, optimization, lists);
        _gradients = new Gradients(weights.Trained, lists);
        _average = averaging is null ? null : new WeightAverage(weights.Kept, lists);
        AddState("model", weights.Kept);
        if (_average is not null)
            AddState("ema", _average.State);
        AddState("optimizer", _optimizer.State);
    }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, Tensor>> State => _state;

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
        using var memory = MemoryReuse.Begin();
        using var scope = NewDisposeScope();
        using var graph = enable_grad();
        var meter = new StepMeter();
        try
        {
            Begin();
            _gradients.Clear();
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
            // Nothing has been updated yet; all that ranks exchange comes before.
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
    public IDisposable UseAverage() => _average?.Swap() ?? throw new InvalidOperationException("This training keeps no average of the weights.");

    /// <inheritdoc/>
    public void Dispose()
    {
        _optimizer.Dispose();
        _average?.Dispose();
        Buckets?.Dispose();
        DisposeNetworks();
        GC.SuppressFinalize(this);
    }

    /// <summary>
    /// From now on takes its steps together with other ranks, each with its part of a step's images; the state is rank 0's from here on.
    /// n ranks with p micro-batches each learn what one process with n · p micro-batches does, up to the rounding of sums.
    /// </summary>
    /// <param name="group">The ranks; it stays the caller's.</param>
    /// <exception cref="GroupException">A rank was lost.</exception>
    internal void Join(ProcessGroup group)
    {
        if (group.Size == 1)
            return;
        Exchange = new RankExchange(group);
        Exchange.Spread(_state.Values.SelectMany(static f => f.Values));
        Buckets = new GradientBuckets(_weights.Trained, StageOf, group);
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
    private protected void AddState(string file, IReadOnlyDictionary<string, Tensor> tensors) =>
        _state[file] = _state.TryGetValue(file, out var others) ? others.Concat(tensors).ToDictionary(StringComparer.Ordinal) : tensors;

    /// <summary>Replaces rows of a weight and of its average; what the optimiser knew of them is forgotten.</summary>
    private protected void ReplaceRows(string name, Tensor rows, Tensor values)
    {
        State["model"][name].index_copy_(0, rows, values).DetachFromDisposeScope();
        _average?.State[name].index_copy_(0, rows, values).DetachFromDisposeScope();
        _optimizer.ForgetRows(name, rows);
    }

    // All gradients are known and nothing has been changed yet: a step is taken as a whole or not at all.
    private StepReport Finish(StepMeter meter, long number)
    {
        using var scope = NewDisposeScope();
        Buckets?.Complete();
        var values = meter.Read();
        Exchange?.Sum(values);
        Share(number);
        var gradients = _gradients.Read();
        var norm = _gradients.Norm(gradients);
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
        _optimizer.Step(gradients, number, rate);
        PartDone?.Invoke(StepPart.Optimizer);
        _average?.Update(_averaging!.DecayAt(number));
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
