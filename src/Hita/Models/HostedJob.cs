using Hita.Generation;

namespace Hita.Models;

/// <summary>One image on its way through a host. It tells its caller, in order, without ever waiting for it.</summary>
internal sealed class HostedJob
{
    private readonly Lock _gate = new();
    private readonly Queue<HostedImageProgress> _previews = [];
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly IProgress<HostedImageProgress>? _progress;
    private HostedImageProgress? _latest;
    private Action<TaskCompletionSource>? _end;
    private Exception? _callbackFault;
    private bool _telling;
    private int _nextPreview;

    /// <param name="request">A valid request.</param>
    /// <param name="sequence">Its tokens.</param>
    /// <param name="decodes">Whether an image is wanted, not only codes.</param>
    /// <param name="progress">Who is told; may be null.</param>
    /// <param name="cancellation">The caller's.</param>
    public HostedJob(HostedImageRequest request, SampledSequence sequence, bool decodes, IProgress<HostedImageProgress>? progress, CancellationToken cancellation)
    {
        (Request, Sequence, Decodes, _progress, Cancellation) = (request, sequence, decodes, progress, cancellation);
        PreviewTokens = decodes && progress is not null ? PreviewSchedule.Tokens(sequence, request.Previews) : [];
    }

    /// <summary>What is wanted.</summary>
    public HostedImageRequest Request { get; }

    /// <summary>The tokens.</summary>
    public SampledSequence Sequence { get; }

    /// <summary>Whether an image is wanted, not only codes.</summary>
    public bool Decodes { get; }

    /// <summary>Whether it is the host's own and does not count.</summary>
    public bool IsWarmUp { get; init; }

    /// <summary>The caller's wish to give up.</summary>
    public CancellationToken Cancellation { get; }

    /// <summary>After how many tokens a preview is made.</summary>
    public int[] PreviewTokens { get; }

    /// <summary>The codes, once sampled.</summary>
    public CompletedCodes? Codes { get; set; }

    /// <summary>The image, once decoded.</summary>
    public GeneratedImage? Image { get; set; }

    /// <summary>Ends once the caller has been told everything.</summary>
    public Task Completion => _completion.Task;

    /// <summary>Whether it is to be given up: the caller wants it, or its callback has failed.</summary>
    public bool IsAbandoned => Cancellation.IsCancellationRequested || Volatile.Read(ref _callbackFault) is not null;

    /// <summary>Whether a preview is due after the tokens that are there now; asked once a token.</summary>
    /// <param name="isFirst">Whether it is the first one.</param>
    public bool TakesPreview(out bool isFirst)
    {
        isFirst = _nextPreview == 0;
        if (_nextPreview >= PreviewTokens.Length || Sequence.Done < PreviewTokens[_nextPreview])
            return false;
        _nextPreview++;
        return true;
    }

    /// <summary>Tells how far the image is. A report without a preview replaces an earlier one that the caller has not taken yet.</summary>
    public void Report(HostedImageProgress report)
    {
        if (_progress is null)
            return;
        lock (_gate)
        {
            if (_end is not null)
                return;
            if (report.Preview is not null)
                _previews.Enqueue(report);
            else
                _latest = report;
            Tell();
        }
    }

    /// <summary>Ends the job well.</summary>
    public void Succeed() => End(static c => c.TrySetResult());

    /// <summary>Ends the job because it was given up, by the caller or by the host.</summary>
    public void Abandon() => End(c =>
    {
        if (Cancellation.IsCancellationRequested)
            c.TrySetCanceled(Cancellation);
        else
            c.TrySetException(new HostStoppedException());
    });

    /// <summary>Ends the job with a fault.</summary>
    public void Fail(Exception fault) => End(c => c.TrySetException(fault));

    private void End(Action<TaskCompletionSource> end)
    {
        lock (_gate)
        {
            _end ??= end;
            Tell();
        }
    }

    // One work item at a time, so that reports come in order.
    private void Tell()
    {
        if (_telling)
            return;
        _telling = true;
        ThreadPool.UnsafeQueueUserWorkItem(static job => job.TellAll(), this, preferLocal: false);
    }

    private void TellAll()
    {
        while (true)
        {
            HostedImageProgress? report = null;
            lock (_gate)
            {
                if (_callbackFault is not null || !_previews.TryDequeue(out report))
                    (report, _latest) = (_callbackFault is null ? _latest : null, null);
                if (report is null && _end is null)
                {
                    _telling = false;
                    return;
                }
            }
            if (report is null)
            {
                // _telling stays true: nothing is told after the end.
                if (_callbackFault is { } fault)
                    _completion.TrySetException(fault);
                else
                    _end!(_completion);
                return;
            }
            try
            {
                _progress!.Report(report);
            }
            catch (Exception e)
            {
                Volatile.Write(ref _callbackFault, e);
            }
        }
    }
}
