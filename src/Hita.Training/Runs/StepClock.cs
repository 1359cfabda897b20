namespace Hita.Training.Runs;

/// <summary>Measures steps: each by itself, and rates over the last ones, the first few of a process left out.</summary>
internal sealed class StepClock(TimeProvider clock)
{
    // The first steps allocate, compile and fill caches; their times say nothing about the others.
    private const int WarmUp = 2;
    private const int Window = 50;

    private readonly Queue<(double Step, double Wait)> _last = new();
    private int _count;
    private long _started;
    private double _sumStep;
    private double _sumWait;

    public void Start() => _started = clock.GetTimestamp();

    /// <summary>Ends the step.</summary>
    /// <param name="wait">Seconds of it that were spent waiting for data.</param>
    /// <returns>Seconds of the step, and the means of steps and waits over the window.</returns>
    public (double Step, double MeanStep, double MeanWait) Stop(double wait)
    {
        var step = clock.GetElapsedTime(_started).TotalSeconds;
        if (++_count > WarmUp)
        {
            _last.Enqueue((step, wait));
            _sumStep += step;
            _sumWait += wait;
            if (_last.Count > Window)
            {
                var (oldStep, oldWait) = _last.Dequeue();
                _sumStep -= oldStep;
                _sumWait -= oldWait;
            }
        }
        return _last.Count == 0 ? (step, step, wait) : (step, _sumStep / _last.Count, Math.Max(0, _sumWait) / _last.Count);
    }
}
