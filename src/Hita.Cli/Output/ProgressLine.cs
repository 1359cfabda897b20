namespace Hita.Cli.Output;

/// <summary>
/// Shows how far a long job is, how fast it goes and how long it will take: one line redrawn in place on a terminal, a plain
/// line now and then where the stream is redirected.
/// </summary>
/// <remarks>Reports may come from any thread. Disposing writes the last line, unless nothing at all was done.</remarks>
internal sealed class ProgressLine : IDisposable
{
    /// <summary>The rate is that of the last half minute or so, so that a slow start is forgotten.</summary>
    private static readonly TimeSpan RateWindow = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan RefreshInterval = TimeSpan.FromMilliseconds(100);

    private readonly Lock _gate = new();
    private readonly Queue<(long Time, long Done)> _samples = new();
    private readonly Terminal _terminal;
    private readonly TimeProvider _clock;
    private readonly TimeSpan _interval;
    private readonly bool _redraw;
    private readonly string _title;
    private readonly string _unit;
    private readonly long? _total;
    private readonly long _start;
    private long _done;
    private long _lastWrite;
    private string _note = "";
    private bool _disposed;

    /// <param name="terminal">Where to write (its error stream) and its clock.</param>
    /// <param name="title">What is being done, for example <c>Decoding</c>.</param>
    /// <param name="unit">What is counted, in the plural, for example <c>images</c>.</param>
    /// <param name="total">How many there will be; null where it is not known.</param>
    /// <param name="plainInterval">Time between plain lines; 10 seconds if left out.</param>
    public ProgressLine(Terminal terminal, string title, string unit, long? total, TimeSpan? plainInterval = null)
    {
        _terminal = terminal;
        _clock = terminal.Clock;
        _redraw = terminal.ErrorIsTerminal;
        _interval = _redraw ? RefreshInterval : plainInterval ?? TimeSpan.FromSeconds(10);
        _title = title;
        _unit = unit;
        _total = total;
        _start = _lastWrite = _clock.GetTimestamp();
        _samples.Enqueue((_start, 0));
        if (_redraw)
            terminal.ShowLive(Text(_start));
    }

    /// <summary>Says how far the job is.</summary>
    /// <param name="done">Units finished in all; never fewer than before.</param>
    /// <param name="note">A few words at the line's end, for example a loss; kept until replaced.</param>
    public void Report(long done, string? note = null)
    {
        lock (_gate)
        {
            if (_disposed)
                return;
            _done = done;
            _note = note ?? _note;
            var now = _clock.GetTimestamp();
            if (_clock.GetElapsedTime(_lastWrite, now) < _interval)
                return;
            Sample(now);
            var text = Text(now);
            if (_redraw)
                _terminal.ShowLive(text);
            else
                _terminal.Error.WriteLine(text);
            _lastWrite = now;
        }
    }

    /// <summary>Writes the line's last state: what was done, in what time, at what rate; nothing where a fault came before the start.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed)
                return;
            _disposed = true;
            if (_redraw)
                _terminal.ClearLive();
            if (_done == 0)
                return;
            var elapsed = _clock.GetElapsedTime(_start);
            var rate = elapsed > TimeSpan.Zero ? $" ({Duration.Rate(_done / elapsed.TotalSeconds)} {_unit}/s)" : "";
            var note = _note.Length > 0 ? $", {_note}" : "";
            _terminal.Error.WriteLine($"{_title}: {Count()} {_unit} in {Duration.Text(elapsed)}{rate}{note}");
        }
    }

    private string Count() => _total is { } total && total != _done ? $"{_done} of {total}" : $"{_done}";

    private void Sample(long now)
    {
        _samples.Enqueue((now, _done));
        while (_samples.Count > 2 && _clock.GetElapsedTime(_samples.Peek().Time, now) > RateWindow)
            _samples.Dequeue();
    }

    private string Text(long now)
    {
        var parts = new List<string> { _total is { } all ? $"{_done} of {all} {_unit}" : $"{_done} {_unit}" };
        var (since, before) = _samples.Peek();
        var seconds = _clock.GetElapsedTime(since, now).TotalSeconds;
        if (_done > before && seconds > 0)
        {
            var rate = (_done - before) / seconds;
            parts.Add($"{Duration.Rate(rate)} {_unit}/s");
            if (_total is { } total)
                parts.Add($"{Duration.Text(TimeSpan.FromSeconds(Math.Min((total - _done) / rate, 1e10)))} left");
        }
        if (_note.Length > 0)
            parts.Add(_note);
        return $"{_title}: {string.Join(", ", parts)}";
    }
}
