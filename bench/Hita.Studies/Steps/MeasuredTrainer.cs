using System.Diagnostics;
using Hita.Training;
using Hita.Training.Runs;
using static TorchSharp.torch;

namespace Hita.Studies.Steps;

/// <summary>What the steps of a turn took, in seconds over all of them.</summary>
/// <param name="Steps">How many they are.</param>
/// <param name="Seconds">From asking for images to the end of the step.</param>
/// <param name="Waiting">Waiting for images, or reading them where the step does that itself.</param>
/// <param name="Preparing">The rest of asking for a batch: a tokenizer's copy of it, a generator's encoding.</param>
/// <param name="Parts">The parts of the step by <see cref="StepPart"/>.</param>
internal sealed record TurnTimes(int Steps, double Seconds, double Waiting, double Preparing, double[] Parts)
{
    /// <summary>What no part accounts for: usage, reports, freeing.</summary>
    public double Rest => Seconds - Waiting - Preparing - Parts.Sum();
}

/// <summary>A trainer in one form, which takes turns with others.</summary>
internal abstract class MeasuredTrainer(StepForms forms) : IDisposable
{
    public StepForms Forms { get; } = forms;

    /// <summary>The step whose loss is compared: the last of the first round, after the optimiser has had its say.</summary>
    public const int ComparedStep = StepStudy.Settling + 1;

    /// <summary>The loss of that step, to see that all forms compute the same; not a number before it.</summary>
    public double ComparedLoss { get; protected set; } = double.NaN;

    /// <summary>Takes some steps that do not count, until reading runs ahead as it would in a run, and then some that do.</summary>
    public abstract TurnTimes Turn(int settling, int counted, CancellationToken cancellation);

    public abstract void Dispose();
}

/// <summary>A trainer with its data.</summary>
/// <param name="forms">Its form.</param>
/// <param name="trainer">What takes the steps; it is freed with this.</param>
/// <param name="open">Opens its data at a step.</param>
/// <param name="owned">Is freed with this too.</param>
internal sealed class MeasuredTrainer<TBatch>(
    StepForms forms, ITrainer<TBatch> trainer, Func<long, IBatchFeed<TBatch>> open, IReadOnlyList<IDisposable> owned) : MeasuredTrainer(forms)
{
    private readonly double[] _parts = new double[Enum.GetValues<StepPart>().Length];
    private long _step = 1;
    private long _last;

    /// <summary>To be told by the trainer which part is done.</summary>
    public void Done(StepPart part)
    {
        var now = Stopwatch.GetTimestamp();
        _parts[(int)part] += Stopwatch.GetElapsedTime(_last, now).TotalSeconds;
        _last = now;
    }

    public override TurnTimes Turn(int settling, int counted, CancellationToken cancellation)
    {
        // Opened for the turn alone: threads that read ahead would take time from the others' turns.
        using var feed = open(_step);
        double waiting = 0, preparing = 0;
        long began = 0;
        for (var i = 0; i < settling + counted; i++)
        {
            if (i == settling)
            {
                (waiting, preparing) = (0, 0);
                Array.Clear(_parts);
                began = Stopwatch.GetTimestamp();
            }
            cancellation.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            var asked = Stopwatch.GetTimestamp();
            var batches = feed.NextBatches(cancellation);
            _last = Stopwatch.GetTimestamp();
            waiting += feed.WaitSeconds;
            preparing += Stopwatch.GetElapsedTime(asked, _last).TotalSeconds - feed.WaitSeconds;
            var report = trainer.TakeStep(batches, _step);
            if (_step++ == ComparedStep)
                ComparedLoss = report.Values.First(static v => v.Key == "loss").Value;
        }
        return new TurnTimes(counted, Stopwatch.GetElapsedTime(began).TotalSeconds, waiting, preparing, [.. _parts]);
    }

    public override void Dispose()
    {
        trainer.Dispose();
        foreach (var thing in owned)
            thing.Dispose();
    }
}
