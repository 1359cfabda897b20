namespace Hita.Studio.Runs;

/// <summary>A metric over a run's steps. Long ones are thinned out evenly.</summary>
/// <param name="name">The metric.</param>
public sealed class Curve(string name)
{
    private const int MaxPoints = 4096;
    private readonly List<(long Step, double Value)> _points = [];
    private int _stride = 1;
    private int _skipped;

    /// <summary>The metric.</summary>
    public string Name { get; } = name;

    /// <summary>Steps, ascending, and values.</summary>
    public IReadOnlyList<(long Step, double Value)> Points => _points;

    /// <summary>The newest value.</summary>
    public double Last { get; private set; }

    internal void Add(long step, double value)
    {
        Last = value;
        if (_skipped++ % _stride != 0)
            return;
        _points.Add((step, value));
        if (_points.Count < MaxPoints)
            return;
        var kept = _points.Where(static (_, i) => i % 2 == 0).ToList();
        _points.Clear();
        _points.AddRange(kept);
        _stride *= 2;
    }
}
