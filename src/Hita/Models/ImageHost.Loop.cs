using Hita.Generation;

namespace Hita.Models;

/// <summary>The sampling loop, and the ends that images come to.</summary>
public sealed partial class ImageHost
{
    // While so many are sampled but not decoded, no others begin: memory stays bounded, and those that run are not held up.
    private int MaxDecoding => _options.MaxBatch;

    private bool CanAdmit => _queue.Count > 0 && _runningCount < _options.MaxBatch && _decoding < MaxDecoding;

    private void Loop()
    {
        while (WaitForWork())
        {
            try
            {
                Step();
            }
            catch (Exception e)
            {
                // The engine itself failed, so that no image in the batch can go on; those that wait still can.
                foreach (var job in TakeRunning())
                    Fail(job, e);
                _batch?.Dispose();
                _batch = null;
            }
        }
        var rest = TakeRunning();
        lock (_gate)
        {
            rest.AddRange(_queue);
            _queue.Clear();
        }
        rest.ForEach(Abandon);
        _batch?.Dispose();
    }

    /// <summary>Waits until there is something to sample, and lets what waits join.</summary>
    /// <returns>False once the host ends.</returns>
    private bool WaitForWork()
    {
        lock (_gate)
        {
            while (!_stopping && _runningCount == 0 && !CanAdmit)
                Monitor.Wait(_gate);
            if (_stopping)
                return false;
            while (CanAdmit)
            {
                _running.Add(_queue.First!.Value);
                _queue.RemoveFirst();
                _runningCount++;
            }
            return true;
        }
    }

    /// <summary>Takes one token of every running image.</summary>
    private void Step()
    {
        _batch ??= new ContinuousBatch(Pipeline.Generator.Tokens, _options.MaxBatch);
        foreach (var job in _running.ToArray())
        {
            if (job.IsAbandoned)
            {
                _batch.Remove(job.Sequence);
                Leave(job);
                Abandon(job);
            }
            else if (job.Sequence.IsComplete)
            {
                Leave(job);
                Sampled(job);
            }
            else if (job.Sequence.Slot < 0)
            {
                _batch.Add(job.Sequence);
            }
        }
        var count = _batch.Count;
        if (count > 0)
        {
            // More than one of an image where codes are known.
            var before = _running.Sum(static j => (long)j.Sequence.Done);
            _batch.Step();
            _rate.Add(_running.Sum(static j => (long)j.Sequence.Done) - before);
            foreach (var job in _running.ToArray())
                Follow(job);
        }
        lock (_gate)
        {
            _steps += count > 0 ? 1 : 0;
            _rows = _batch.RowCount;
            _tokensToNextEnd = _running.Count == 0 ? 0 : _running.Min(static j => j.Sequence.TokenCount - j.Sequence.Done);
        }
    }

    /// <summary>What follows an image's newest token.</summary>
    private void Follow(HostedJob job)
    {
        var sequence = job.Sequence;
        if (sequence.Fault is { } fault)
        {
            Leave(job);
            Fail(job, fault);
            return;
        }
        job.Report(new HostedImageProgress(sequence.Done, sequence.TokenCount, null));
        if (sequence.IsComplete)
        {
            Leave(job);
            Sampled(job);
        }
        else if (job.TakesPreview(out var isFirst))
        {
            _decoder.AddPreview(job, isFirst, sequence.Done, sequence.Snapshot());
        }
    }

    private void Sampled(HostedJob job)
    {
        job.Codes = job.Sequence.ToCodes();
        if (!job.Decodes)
        {
            Succeed(job);
            return;
        }
        lock (_gate)
            _decoding++;
        _decoder.Add(job);
    }

    private void OnDecoded(HostedJob job, Exception? fault)
    {
        lock (_gate)
        {
            _decoding--;
            Monitor.PulseAll(_gate);
        }
        if (fault is not null)
            Fail(job, fault);
        else if (job.Image is null)
            Abandon(job);
        else
            Succeed(job);
    }

    private void Leave(HostedJob job)
    {
        _running.Remove(job);
        lock (_gate)
            _runningCount--;
    }

    private List<HostedJob> TakeRunning()
    {
        List<HostedJob> all = [.. _running];
        _running.Clear();
        lock (_gate)
            (_runningCount, _rows) = (0, 0);
        return all;
    }

    private void Succeed(HostedJob job)
    {
        Ended(job, ref _done);
        job.Succeed();
    }

    private void Fail(HostedJob job, Exception fault)
    {
        Ended(job, ref _failed);
        job.Fail(fault);
    }

    private void Abandon(HostedJob job)
    {
        Ended(job, ref _cancelled);
        job.Abandon();
    }

    private void Ended(HostedJob job, ref long counter)
    {
        lock (_gate)
        {
            if (!job.IsWarmUp)
                counter++;
        }
    }
}
