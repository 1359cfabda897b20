namespace Hita.Models;

/// <summary>How many a second there were of late.</summary>
/// <param name="time">The clock.</param>
internal sealed class TokenRate(TimeProvider time)
{
    private const int Buckets = 10;
    private readonly long[] _counts = new long[Buckets];
    private readonly long[] _seconds = new long[Buckets];
    private readonly Lock _gate = new();
    private readonly long _start = time.GetTimestamp();

    /// <summary>Counts some.</summary>
    public void Add(long count)
    {
        lock (_gate)
        {
            var second = (long)Now;
            var bucket = second % Buckets;
            if (_seconds[bucket] != second)
                (_seconds[bucket], _counts[bucket]) = (second, 0);
            _counts[bucket] += count;
        }
    }

    /// <summary>How many a second over the last five seconds.</summary>
    public double PerSecond
    {
        get
        {
            lock (_gate)
            {
                const int Whole = 5;
                var now = Now;
                var second = (long)now;
                long sum = 0;
                for (var i = 0; i < Buckets; i++)
                    sum += _seconds[i] > second - Whole ? _counts[i] : 0;
                return sum / Math.Max(Math.Min(now, Whole - 1 + (now - second)), 0.1);
            }
        }
    }

    private double Now => time.GetElapsedTime(_start).TotalSeconds;
}
