using Hita.Server.Jobs;

namespace Hita.Studio.Work;

/// <summary>A short piece of work behind a control that is being moved: it waits for its turn and counts as any other.</summary>
/// <param name="kind">What it is, in a word for the metrics.</param>
/// <param name="work">The work; it stops soon when it is told to.</param>
/// <typeparam name="T">What comes out.</typeparam>
internal sealed class LiveTask<T>(string kind, Func<ServedModel, CancellationToken, T> work) : EditTask
{
    public override string Kind => kind;

    /// <summary>What came out, once the job has succeeded.</summary>
    public T? Result { get; private set; }

    public override bool IsLive => true;

    internal override IReadOnlyList<JobResult> Run(ServedModel model, EditContext context)
    {
        Result = work(model, context.Cancellation);
        return [];
    }
}
