namespace Hita.Training.Runs;

/// <summary>Is told what a run does, on the thread that runs it.</summary>
public interface ITrainingObserver
{
    /// <summary>The run is ready for its first step.</summary>
    /// <param name="plan">What it will do.</param>
    /// <param name="from">The step it continues from; 0 for a new run.</param>
    void Started(RunPlan plan, long from);

    /// <summary>A step was taken.</summary>
    /// <param name="record">What it measured.</param>
    void Stepped(StepRecord record);

    /// <summary>Something was written: a checkpoint, samples, the model.</summary>
    /// <param name="number">The step after which it was.</param>
    /// <param name="path">Where.</param>
    void Written(long number, string path);

    /// <summary>Something is worth a look but not a reason to stop, or worth knowing before the first step.</summary>
    /// <param name="sentence">One sentence.</param>
    void Noted(string sentence);

    /// <summary>A longer piece of work between two steps begins.</summary>
    /// <param name="what">A few words: <c>validating</c>, <c>saving</c>.</param>
    void Began(string what);
}

/// <summary>An observer that looks away.</summary>
public sealed class SilentObserver : ITrainingObserver
{
    /// <inheritdoc/>
    public void Started(RunPlan plan, long from)
    {
    }

    /// <inheritdoc/>
    public void Stepped(StepRecord record)
    {
    }

    /// <inheritdoc/>
    public void Written(long number, string path)
    {
    }

    /// <inheritdoc/>
    public void Noted(string sentence)
    {
    }

    /// <inheritdoc/>
    public void Began(string what)
    {
    }
}
