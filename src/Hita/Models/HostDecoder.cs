using System.Diagnostics;
using Hita.Generation;

namespace Hita.Models;

/// <summary>
/// Decodes what a host has sampled, on a thread of its own: finished images first, in their order, then previews as far as they
/// take no more than their share of the time.
/// </summary>
internal sealed class HostDecoder
{
    // How many seconds of previews may be ahead of their share: an image's first one, and the others.
    private const double FirstAhead = 0.5;
    private const double OthersAhead = 0.1;

    private readonly object _gate = new();
    private readonly Queue<HostedJob> _images = [];
    private readonly LinkedList<Preview> _previews = [];
    private readonly ImagePipeline _pipeline;
    private readonly Action<HostedJob, Exception?> _onDecoded;
    private readonly PreviewCodes _fill;
    private readonly double _share;
    private readonly Thread _thread;
    private double _ahead;
    private long _aheadAt = Stopwatch.GetTimestamp();
    private bool _stopping;

    /// <param name="pipeline">The models.</param>
    /// <param name="share">The share of the time that previews may take.</param>
    /// <param name="onDecoded">Told of each image that is decoded, cannot be decoded, or (where it is abandoned) is not; on this thread.</param>
    public HostDecoder(ImagePipeline pipeline, double share, Action<HostedJob, Exception?> onDecoded)
    {
        (_pipeline, _share, _onDecoded) = (pipeline, share, onDecoded);
        _fill = new PreviewCodes(pipeline.Generator.Config, pipeline.Tokenizer.MiddlePatchCode);
        _thread = new Thread(Run) { IsBackground = true, Name = "Hita host decoder" };
        _thread.Start();
    }

    /// <summary>Previews decoded.</summary>
    public long PreviewsDone { get; private set; }

    /// <summary>Previews left out.</summary>
    public long PreviewsLeftOut { get; private set; }

    /// <summary>Takes an image that is sampled.</summary>
    public void Add(HostedJob job)
    {
        lock (_gate)
        {
            _images.Enqueue(job);
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>Takes what is known of an image; an earlier preview of it that is not decoded yet is left out.</summary>
    public void AddPreview(HostedJob job, bool isFirst, int tokens, PartialCodes known)
    {
        lock (_gate)
        {
            for (var node = _previews.First; node is not null; node = node.Next)
            {
                if (node.Value.Job != job)
                    continue;
                isFirst |= node.Value.IsFirst;
                _previews.Remove(node);
                PreviewsLeftOut++;
                break;
            }
            _previews.AddLast(new Preview(job, isFirst, tokens, known));
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>Finishes the image in work, reports the others as they are, and ends the thread.</summary>
    public void Stop()
    {
        lock (_gate)
        {
            _stopping = true;
            Monitor.Pulse(_gate);
        }
        _thread.Join();
    }

    private void Run()
    {
        while (true)
        {
            HostedJob? job = null;
            Preview? preview = null;
            lock (_gate)
            {
                while (!_stopping && _images.Count == 0 && _previews.Count == 0)
                    Monitor.Wait(_gate);
                if (!_images.TryDequeue(out job))
                {
                    if (_stopping)
                        return;
                    preview = _previews.First!.Value;
                    _previews.RemoveFirst();
                }
            }
            if (job is not null)
                DecodeImage(job);
            else
                DecodePreview(preview!);
        }
    }

    private void DecodeImage(HostedJob job)
    {
        Exception? fault = null;
        try
        {
            if (!job.IsAbandoned && !Volatile.Read(ref _stopping))
            {
                var image = _pipeline.Tokenizer.Decode([job.Codes!.Codes])[0];
                job.Image = new GeneratedImage(0, job.Request.Class, job.Codes.Codes, image);
            }
        }
        catch (Exception e)
        {
            fault = e;
        }
        _onDecoded(job, fault);
    }

    private void DecodePreview(Preview preview)
    {
        var job = preview.Job;
        if (job.IsAbandoned || job.Codes is not null || !IsAffordable(preview.IsFirst))
        {
            lock (_gate)
                PreviewsLeftOut++;
            return;
        }
        var start = Stopwatch.GetTimestamp();
        try
        {
            var image = _pipeline.Tokenizer.Decode([_fill.Fill(preview.Known)])[0];
            job.Report(new HostedImageProgress(preview.Tokens, job.Sequence.TokenCount, image));
            lock (_gate)
                PreviewsDone++;
        }
        catch (Exception)
        {
            // A preview is an extra: where it cannot be decoded, the image will say why.
            lock (_gate)
                PreviewsLeftOut++;
        }
        _ahead += Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>Whether previews have kept to their share so far, that is, whether what they took has been made up for by time.</summary>
    private bool IsAffordable(bool isFirst)
    {
        var now = Stopwatch.GetTimestamp();
        _ahead = Math.Max(0, _ahead - (_share * Stopwatch.GetElapsedTime(_aheadAt, now).TotalSeconds));
        _aheadAt = now;
        return _ahead <= (isFirst ? FirstAhead : OthersAhead);
    }

    private sealed record Preview(HostedJob Job, bool IsFirst, int Tokens, PartialCodes Known);
}
