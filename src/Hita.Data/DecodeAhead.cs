using Hita.Imaging;
using Hita.Runtime;

namespace Hita.Data;

/// <summary>
/// Threads that fill batches ahead of the one who asks for them. Work is handed out image by image in the order of the
/// batches, so that all threads work on what is needed first; how many there are changes nothing but the speed.
/// </summary>
internal sealed class DecodeAhead : IDisposable
{
    /// <summary>So many replacements failing one after the other means that hardly anything can be read.</summary>
    private const int MaxAttempts = 64;

    private readonly IImageSource _source;
    private readonly BatchLoaderOptions _options;
    private readonly BatchSchedule _schedule;
    private readonly BatchMemoryPool _pool;
    private readonly bool _endless;
    private readonly object _gate = new();
    private readonly Queue<PendingBatch> _pending = new();
    private readonly List<Thread> _threads = [];
    private PendingBatch? _filling;
    private int _nextPlace;
    private int _epoch;
    private int _number;
    private bool _planned;
    private bool _stopped;

    public DecodeAhead(IImageSource source, BatchLoaderOptions options, BatchMemoryPool pool, int epoch, int number, bool endless)
    {
        (_source, _options, _pool, _epoch, _number, _endless) = (source, options, pool, epoch, number, endless);
        _schedule = new BatchSchedule(source, options);
        _planned = !endless && number >= _schedule.BatchesPerEpoch;
        for (var i = 0; i < options.WorkerCount; i++)
        {
            var thread = new Thread(Work) { IsBackground = true, Name = $"Hita decoding {i + 1}" };
            _threads.Add(thread);
            thread.Start();
        }
    }

    /// <summary>The next batch, complete; null after the last.</summary>
    /// <exception cref="OperationCanceledException">The token asks to stop.</exception>
    public PendingBatch? Next(CancellationToken cancellation)
    {
        using var wake = cancellation.Register(Pulse);
        lock (_gate)
        {
            while (true)
            {
                cancellation.ThrowIfCancellationRequested();
                if (_pending.TryPeek(out var first) ? first.IsComplete : _planned)
                    break;
                Monitor.Wait(_gate);
            }
            var batch = _pending.Count > 0 ? _pending.Dequeue() : null;
            Monitor.PulseAll(_gate);
            return batch;
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _stopped = true;
            Monitor.PulseAll(_gate);
        }
        foreach (var thread in _threads)
            thread.Join();
    }

    private void Pulse()
    {
        lock (_gate)
            Monitor.PulseAll(_gate);
    }

    private void Work()
    {
        var random = new IndexedRandom();
        var scope = new ImageScope();
        while (Take() is var (batch, place))
        {
            try
            {
                Fill(batch, place, random, scope);
            }
            catch (Exception e)
            {
                // Thrown again where the batch is asked for; a thread that let it pass would end the process.
                batch.Fail(e);
            }
            if (batch.Finish())
                Pulse();
        }
    }

    private (PendingBatch Batch, int Place)? Take()
    {
        lock (_gate)
        {
            while (!_stopped)
            {
                if (_filling is { } batch && _nextPlace < batch.Count)
                    return (batch, _nextPlace++);
                if (_planned)
                    return null;
                if (_pending.Count < _options.Ahead)
                    PlanNext();
                else
                    Monitor.Wait(_gate);
            }
            return null;
        }
    }

    private void PlanNext()
    {
        if (_number >= _schedule.BatchesPerEpoch)
        {
            _epoch++;
            _number = 0;
        }
        _filling = _schedule.Plan(_epoch, _number++, _pool.Rent());
        _nextPlace = 0;
        _pending.Enqueue(_filling);
        _planned = !_endless && _number >= _schedule.BatchesPerEpoch;
    }

    private void Fill(PendingBatch batch, int place, IndexedRandom random, ImageScope scope)
    {
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            var index = _schedule.Choose(batch, place, attempt);
            scope.Open();
            try
            {
                var image = _source.Read(index);
                random.Begin(_options.Seed, batch.Epoch, index);
                batch.Put(place, index, _source.ClassAt(index), _options.Augmentation.Apply(image, random));
                return;
            }
            catch (Exception e) when (UnreadableImages.IsFault(e))
            {
                batch.AddFault(place, attempt, e.Message);
            }
            finally
            {
                scope.Close();
            }
            if (!_options.ReplaceUnreadable)
            {
                batch.LeaveOut(place);
                return;
            }
        }
        throw new DataException(_source.Description, $"{MaxAttempts} images in a row cannot be read; \"hita data check\" names them.");
    }
}
