using System.Globalization;
using Hita.Distributed;
using Hita.Distributed.Collectives;
using Hita.Imaging;
using Hita.Runtime;
using static TorchSharp.torch;

namespace Hita.Training.Runs;

/// <summary>Takes the steps of a run, and measures, shows and saves in between. The trainer owns what a step is.</summary>
/// <typeparam name="TBatch">What a step learns from.</typeparam>
public sealed class TrainingLoop<TBatch>
{
    private readonly RunFolder _run;
    private readonly ITrainer<TBatch> _trainer;
    private readonly IBatchFeed<TBatch> _feed;
    private readonly IRunTask _task;
    private readonly RunPlan _plan;
    private readonly ITrainingObserver _observer;
    private readonly TimeProvider _clock;
    private readonly DivergenceMonitor _guard;
    private readonly CheckpointState? _from;
    private readonly RankPace _pace;
    private (long Step, double Value)? _validation;
    private long _saved;
    private long _taken;
    private long _began;

    /// <summary>Puts a run together.</summary>
    /// <param name="run">Its folder; stays the caller's.</param>
    /// <param name="trainer">What is trained, with the checkpoint's tensors loaded already; stays the caller's.</param>
    /// <param name="feed">What it learns from, beginning at the step to come; stays the caller's.</param>
    /// <param name="task">What else it does.</param>
    /// <param name="plan">How long and what when.</param>
    /// <param name="from">The checkpoint it continues from; null for a new run.</param>
    /// <param name="observer">Is told; may be null.</param>
    /// <param name="clock">Measures; null for the system's.</param>
    /// <param name="group">The ranks that take the steps together, of which this is the first; null for one process.</param>
    public TrainingLoop(
        RunFolder run,
        ITrainer<TBatch> trainer,
        IBatchFeed<TBatch> feed,
        IRunTask task,
        RunPlan plan,
        CheckpointState? from = null,
        ITrainingObserver? observer = null,
        TimeProvider? clock = null,
        ProcessGroup? group = null)
    {
        ArgumentNullException.ThrowIfNull(plan);
        (_run, _trainer, _feed, _task, _from) = (run, trainer, feed, task, from);
        _plan = plan.Validate();
        _observer = observer ?? new SilentObserver();
        _clock = clock ?? TimeProvider.System;
        _guard = new DivergenceMonitor(_plan, _observer) { Skipped = from?.SkippedSteps ?? 0 };
        _saved = from?.Step ?? 0;
        _pace = new RankPace(group ?? ProcessGroup.Alone(), (trainer as Trainer<TBatch>)?.Shards);
    }

    /// <summary>Trains to the end of the plan.</summary>
    /// <param name="cancellation">Stops after the step at work; the state is saved first.</param>
    /// <exception cref="OperationCanceledException">It was stopped; the run can be resumed.</exception>
    /// <exception cref="HitaException">The run cannot go on: the disk is full, values are not finite, data cannot be read.</exception>
    public void Run(CancellationToken cancellation = default)
    {
        var first = (_from?.Step ?? 0) + 1;
        Directory.CreateDirectory(_run[RunFolder.EventsName]);
        Directory.CreateDirectory(_run[RunFolder.SamplesName]);
        using var metrics = new MetricsLog(_run.Path, first - 1);
        using var events = new EventFile(_run[RunFolder.EventsName], first, _clock);
        var steps = new StepClock(_clock);
        _began = _clock.GetTimestamp();
        _observer.Started(_plan, first - 1);
        _taken = first - 1;
        try
        {
            for (var step = first; step <= _plan.Steps; step++)
                Go(step, steps, metrics, events, cancellation);
            _pace.Part();
        }
        catch (GroupException e)
        {
            throw Lost(e);
        }
    }

    private void Go(long step, StepClock steps, MetricsLog metrics, EventFile events, CancellationToken cancellation)
    {
        StepRecord record;
        try
        {
            record = TakeStep(step, steps, cancellation);
        }
        catch (OperationCanceledException) when (_pace.IsShared || cancellation.IsCancellationRequested)
        {
            Stop(step - 1, cancellation);
            throw;
        }
        catch (DataException) when (step - 1 > _saved && !_pace.IsSharded)
        {
            // What was learned is whole; the data can be mended and the run resumed.
            Save(step - 1);
            throw;
        }
        _taken = step;
        var isLast = step == _plan.Steps;
        if (!cancellation.IsCancellationRequested)
            record = record with { Validation = Measure(step, isLast, cancellation) };
        metrics.Write(record);
        events.Scalars(step, Tagged(record).Where(static v => double.IsFinite(v.Value)));
        _observer.Stepped(record);
        if (Due(step, _plan.SampleEvery, isLast) && !cancellation.IsCancellationRequested)
            Sample(step, events, cancellation);
        if (isLast || step % _plan.SaveEvery == 0)
            Save(step);
        if (!isLast && !_pace.IsShared && cancellation.IsCancellationRequested)
            Stop(step, cancellation);
    }

    // A step is taken as a whole or not at all, so that what this rank has is whole whatever became of the others, unless they had pieces
    // of it.
    private GroupException Lost(GroupException error)
    {
        if (_taken > _saved && !_pace.IsSharded)
            Save(_taken);
        var sentence = RankPace.Lost(error.Message, _saved, _saved > 0 ? _run.Checkpoints.FolderOf(_saved) : null, _taken - _saved);
        return new GroupException(sentence, error.Rank, error);
    }

    private StepRecord TakeStep(long step, StepClock steps, CancellationToken cancellation)
    {
        using var scope = NewDisposeScope();
        if (_pace.MustStop(cancellation))
            throw new OperationCanceledException("A rank was told to stop.");
        steps.Start();
        var batches = _feed.NextBatches(_pace.ForData(cancellation));
        var report = _trainer.TakeStep(batches, step);
        var (seconds, meanSeconds, meanWait) = steps.Stop(_feed.WaitSeconds);
        _guard.Check(report, step);
        var images = step * _plan.ImagesPerStep;
        var rate = _plan.ImagesPerStep / Math.Max(meanSeconds, 1e-9);
        return new StepRecord
        {
            Step = step,
            Epoch = (double)step / _plan.StepsPerEpoch,
            Images = images,
            Tokens = images * _plan.TokensPerImage,
            Values = report.Values,
            Skipped = report.Skipped,
            StepSeconds = seconds,
            WaitSeconds = _feed.WaitSeconds,
            ImagesPerSecond = rate,
            TokensPerSecond = rate * _plan.TokensPerImage,
            WaitShare = Math.Clamp(meanWait / Math.Max(meanSeconds, 1e-9), 0, 1),
        };
    }

    // A run that is told to stop saves what it has; nothing is saved twice.
    private void Stop(long step, CancellationToken cancellation)
    {
        if (step > _saved)
            Save(step);
        _pace.Stop(cancellation);
    }

    // TensorBoard puts what has the same first word together.
    private static IEnumerable<KeyValuePair<string, double>> Tagged(StepRecord record)
    {
        const string Measured = "validation_";
        foreach (var (name, value) in record.Values)
            yield return new($"train/{name}", value);
        foreach (var (name, value) in record.Validation)
            yield return new(name.StartsWith(Measured, StringComparison.Ordinal) ? $"validation/{name[Measured.Length..]}" : $"validation/{name}", value);
        yield return new("speed/images_per_second", record.ImagesPerSecond);
        yield return new("speed/step_seconds", record.StepSeconds);
        yield return new("speed/wait_share", record.WaitShare);
    }

    private static bool Due(long step, long every, bool isLast) => isLast || (every > 0 && step % every == 0);

    private IReadOnlyList<KeyValuePair<string, double>> Measure(long step, bool isLast, CancellationToken cancellation)
    {
        if (!_task.CanValidate || !Due(step, _plan.ValidateEvery, isLast))
            return [];
        _observer.Began("validating");
        try
        {
            var values = _task.Validate(cancellation);
            _validation = values is [var first, ..] && double.IsFinite(first.Value) ? (step, first.Value) : null;
            return values;
        }
        catch (OperationCanceledException)
        {
            // The step itself is done; it is recorded without the rest.
            return [];
        }
    }

    private void Sample(long step, EventFile events, CancellationToken cancellation)
    {
        _observer.Began("decoding samples");
        try
        {
            foreach (var (name, sheet) in _task.Samples(cancellation))
            {
                var path = Path.Combine(_run[RunFolder.SamplesName], string.Create(CultureInfo.InvariantCulture, $"{name}-{step:00000000}.png"));
                ImageWriter.Write(sheet, path);
                events.Image(step, name, sheet);
                _observer.Written(step, path);
            }
        }
        catch (OperationCanceledException)
        {
            // Samples are not worth a wait when the run is told to stop.
        }
    }

    private void Save(long step)
    {
        _observer.Began("saving");
        var state = new CheckpointState
        {
            Stage = _task.Stage,
            Step = step,
            Epoch = step / _plan.StepsPerEpoch,
            StepInEpoch = step % _plan.StepsPerEpoch,
            Seed = _plan.Seed,
            Data = _plan.Data,
            Images = _plan.Images,
            SkippedSteps = _guard.Skipped,
            Seconds = (_from?.Seconds ?? 0) + _clock.GetElapsedTime(_began).TotalSeconds,
            Validation = _validation is { } measured && measured.Step == step ? measured.Value : null,
        };
        _run.Checkpoints.Save(state, _task.ConfigJson, (_trainer as Trainer<TBatch>)?.Files ?? StateTensor.Of(_trainer.State));
        _saved = step;
        _run.Checkpoints.Prune(_plan.Keep);
        _observer.Written(step, _run.Checkpoints.FolderOf(step));
        _task.Export(_run[RunFolder.ModelName]);
        _observer.Written(step, _run[RunFolder.ModelName]);
    }
}
