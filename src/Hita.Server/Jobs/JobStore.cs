using Hita.Server.Settings;

namespace Hita.Server.Jobs;

/// <summary>The jobs that can be asked for by name: those that run, and those that ended not long ago.</summary>
/// <param name="options">How long, and how many bytes, results are kept.</param>
/// <param name="clock">The time.</param>
internal sealed class JobStore(HitaServerOptions options, TimeProvider clock)
{
    private const int MaxEnded = 1000;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Job> _jobs = new(StringComparer.Ordinal);

    // In the order in which they ended.
    private readonly LinkedList<Job> _ended = new();
    private long _bytes;

    public IReadOnlyList<Job> All
    {
        get
        {
            lock (_lock)
            {
                Prune();
                return [.. _jobs.Values.OrderByDescending(static j => j.Created)];
            }
        }
    }

    public void Add(Job job)
    {
        lock (_lock)
        {
            Prune();
            _jobs[job.Id] = job;
        }
    }

    public Job? Find(string id)
    {
        lock (_lock)
        {
            Prune();
            return _jobs.GetValueOrDefault(id);
        }
    }

    public void Ended(Job job)
    {
        lock (_lock)
        {
            if (!_jobs.ContainsKey(job.Id))
                return;
            _ended.AddLast(job);
            _bytes += job.Bytes;
            Prune();
        }
    }

    // The newest one stays whatever its size, or it could never be fetched.
    private void Prune()
    {
        var oldest = clock.GetUtcNow() - options.ResultTime;
        while (_ended.First is { Value: var job } &&
            (job.Status.Ended < oldest || (_ended.Count > 1 && (_bytes > options.MaxResultBytes || _ended.Count > MaxEnded))))
        {
            _ended.RemoveFirst();
            _jobs.Remove(job.Id);
            _bytes -= job.Bytes;
        }
    }
}
