namespace Hita.Generation.Model;

/// <summary>Follows the positions of slots, and refuses steps that would read what no step has written.</summary>
internal sealed class SlotChecks
{
    private readonly GeneratorConfig _config;
    private readonly int[] _next;
    private readonly int[] _lastStep;
    private int _step;

    public SlotChecks(GeneratorConfig config, int slots)
    {
        _config = config;
        _next = new int[slots];
        _lastStep = new int[slots];
    }

    /// <summary>Room for sequences.</summary>
    public int SlotCount => _next.Length;

    /// <summary>Checks a step's arguments, and moves its slots on where they are in order.</summary>
    /// <exception cref="ArgumentException">A slot, a position, an input or the room for logits is wrong; nothing has moved.</exception>
    public void Take(ReadOnlySpan<DecodingRow> rows, Span<float> logits)
    {
        if (rows.IsEmpty || rows.Length > SlotCount)
            throw new ArgumentException($"{rows.Length} rows were given, 1 to {SlotCount} are possible.", nameof(rows));
        _step++;
        var needed = false;
        foreach (var row in rows)
        {
            CheckRow(row);
            _lastStep[row.Slot] = _step;
            needed |= row.NeedsLogits;
        }
        if (needed ? logits.Length != (long)rows.Length * _config.CodebookSize : !logits.IsEmpty && logits.Length != (long)rows.Length * _config.CodebookSize)
            throw new ArgumentException($"The logits need room for {rows.Length} × {_config.CodebookSize} values, not {logits.Length}.", nameof(logits));
        foreach (var row in rows)
            _next[row.Slot] = row.Position + 1;
    }

    /// <summary>For measurements: lets every slot continue at a position.</summary>
    public void SkipTo(int position) => Array.Fill(_next, position);

    private void CheckRow(DecodingRow row)
    {
        if ((uint)row.Slot >= (uint)SlotCount || _lastStep[row.Slot] == _step)
            throw new ArgumentException($"Slot {row.Slot} does not exist or is given twice.", nameof(row));
        if ((uint)row.Position >= (uint)_config.SequenceLength || (row.Position > 0 && row.Position != _next[row.Slot]))
            throw new ArgumentException($"Slot {row.Slot} cannot take position {row.Position}; it has come to {_next[row.Slot]} of {_config.SequenceLength}.", nameof(row));
        var limit = row.Position == 0 ? _config.ClassCount + 1 : _config.CodebookSize;
        if ((uint)row.Input >= (uint)limit)
            throw new ArgumentOutOfRangeException(nameof(row), row.Input, $"An input at position {row.Position} lies between 0 and {limit - 1}.");
    }
}
