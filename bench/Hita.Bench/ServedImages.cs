using System.Diagnostics;

namespace Hita.Bench;

/// <summary>When the images of several clients were ready. Threads may share it.</summary>
/// <param name="clients">How many ask at a time.</param>
/// <param name="seconds">How long to count.</param>
internal sealed class ServedImages(int clients, double seconds)
{
    private readonly object _gate = new();
    private readonly List<double> _latencies = [];
    private long _start;
    private long _end;
    private int _warm;

    /// <summary>Seconds an image in the time that counts.</summary>
    public double SecondsAnImage => Stopwatch.GetElapsedTime(_start, _end).TotalSeconds / _latencies.Count;

    /// <summary>The median of the seconds from a request to its image.</summary>
    public double MedianLatency => _latencies.Order().ElementAt(_latencies.Count / 2);

    /// <summary>Notes an image that is ready now.</summary>
    /// <param name="asked">The timestamp of its request.</param>
    /// <returns>True once that was enough: the time is over, and as many images are counted as there are clients.</returns>
    public bool Add(long asked)
    {
        lock (_gate)
        {
            var now = Stopwatch.GetTimestamp();
            if (_warm < clients)
            {
                _warm++;
                _start = now;
                return false;
            }
            // Whole rounds: images that began together tend to end together.
            if (IsEnough)
                return true;
            _latencies.Add(Stopwatch.GetElapsedTime(asked, now).TotalSeconds);
            _end = now;
            return IsEnough;
        }
    }

    private bool IsEnough => _latencies.Count > 0 && _latencies.Count % clients == 0 && Stopwatch.GetElapsedTime(_start, _end).TotalSeconds >= seconds;
}
