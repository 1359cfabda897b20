using Hita.Generation;
using Hita.Imaging;
using Hita.Models;

namespace Hita.Server.Jobs;

/// <summary>What a job does. A task is checked when it is made, as far as that is possible without a model.</summary>
public abstract class ImageTask
{
    /// <summary>What it is, in a word for people and metrics: <c>generate</c>.</summary>
    public abstract string Kind { get; }

    /// <summary>Places that it takes in the queue. One, unless it generates several images.</summary>
    public virtual int Images => 1;

    /// <summary>The memory that the images take that it was given, in bytes. Called before it runs.</summary>
    public virtual long InputBytes => 0;

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

/// <summary>
/// A task that computes with all processors by itself, so that one does at a time. What it samples joins the batch of its model, and
/// meanwhile others compute.
/// </summary>
public abstract class EditTask : ImageTask
{
    internal sealed override async Task<IReadOnlyList<JobResult>> RunAsync(ServedModel model, JobContext context)
    {
        using var turn = await context.EditTurns.BeginAsync(context.Cancellation).ConfigureAwait(false);
        context.Begin();
        // On a thread of its own: one that waits for its codes would take a thread of the pool from the requests.
        return await Task.Factory.StartNew(
            () => Run(model, new EditContext(context, SamplerOf(model, turn))), context.Cancellation, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
    }

    internal abstract IReadOnlyList<JobResult> Run(ServedModel model, EditContext context);

    // The framework's loop takes the candidates of an edit in one step, which a host does with the CPU engine alone.
    private static ICodeSampler SamplerOf(ServedModel model, EditTurn turn) =>
        model.Pipeline.Generator.Engine == GeneratorEngine.Cpu ? turn.Around(new HostedCodeSampler(model.Host)) : model.Pipeline.Generator;
}

/// <summary>What a running task tells and is told.</summary>
/// <param name="job">The job.</param>
/// <param name="editTurns">The turns of tasks that compute with all processors by themselves.</param>
/// <param name="cancellation">Stops it.</param>
internal sealed class JobContext(Job job, EditTurns editTurns, CancellationToken cancellation)
{
    public CancellationToken Cancellation { get; } = cancellation;

    public EditTurns EditTurns { get; } = editTurns;

    public void Begin() => job.Begin();

    public void Report(long done, long total) => job.Report(done, total);

    public void Preview(int index, int tokens, Image image) => job.AddPreview(index, tokens, image);
}

/// <summary>What a running edit tells and is told.</summary>
/// <param name="context">That of its job.</param>
/// <param name="sampler">Samples codes.</param>
internal sealed class EditContext(JobContext context, ICodeSampler sampler)
{
    public CancellationToken Cancellation => context.Cancellation;

    public ICodeSampler Sampler { get; } = sampler;

    public void Report(long done, long total) => context.Report(done, total);
}
