using Hita.Imaging;

namespace Hita.Server.Jobs;

/// <summary>What a job does. A task is checked when it is made, as far as that is possible without a model.</summary>
public abstract class ImageTask
{
    /// <summary>What it is, in a word for people and metrics: <c>generate</c>.</summary>
    public abstract string Kind { get; }

    /// <summary>Places that it takes in the queue. One, unless it generates several images.</summary>
    public virtual int Images => 1;

    /// <summary>Whether it is one of the many that follow a control being moved, whose ends are not worth a line of the log each.</summary>
    public virtual bool IsLive => false;

    /// <summary>Checks it against the model, before it waits for its turn.</summary>
    /// <param name="model">The model.</param>
    /// <exception cref="Runtime.HitaException">It does not fit the model.</exception>
    public virtual void Check(ServedModel model)
    {
    }

    /// <summary>Does it.</summary>
    /// <param name="model">The model.</param>
    /// <param name="context">Told how far it has come, and tells when to stop.</param>
    internal abstract Task<IReadOnlyList<JobResult>> RunAsync(ServedModel model, JobContext context);
}

/// <summary>A task that computes with all processors by itself, so that one runs at a time.</summary>
public abstract class EditTask : ImageTask
{
    internal sealed override async Task<IReadOnlyList<JobResult>> RunAsync(ServedModel model, JobContext context)
    {
        await context.EditTurn.WaitAsync(context.Cancellation).ConfigureAwait(false);
        try
        {
            context.Begin();
            return await Task.Run(() => Run(model, context), context.Cancellation).ConfigureAwait(false);
        }
        finally
        {
            context.EditTurn.Release();
        }
    }

    internal abstract IReadOnlyList<JobResult> Run(ServedModel model, JobContext context);
}

/// <summary>What a running task tells and is told.</summary>
/// <param name="job">The job.</param>
/// <param name="editTurn">The turn of tasks that compute with all processors by themselves.</param>
/// <param name="cancellation">Stops it.</param>
internal sealed class JobContext(Job job, SemaphoreSlim editTurn, CancellationToken cancellation)
{
    public CancellationToken Cancellation { get; } = cancellation;

    public SemaphoreSlim EditTurn { get; } = editTurn;

    public void Begin() => job.Begin();

    public void Report(long done, long total) => job.Report(done, total);

    public void Preview(int index, int tokens, Image image) => job.AddPreview(index, tokens, image);
}
