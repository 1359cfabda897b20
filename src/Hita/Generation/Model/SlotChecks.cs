namespace Hita.Generation.Model;

/// <summary>Follows the positions of slots, and refuses steps that would read what no step has written.</summary>
internal sealed class SlotChecks
{
    private readonly GeneratorConfig _config;
    private readonly int[] _next;
    private readonly int[] _lastStep;
    private int _step;

    public SlotChecks(GeneratorConfig config, int slots, int rows)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, slots);
        (_config, RowCount) = (config, rows);
        _next = new int[slots];
        _lastStep = new int[slots];
    }

    /// <summary>Room for sequences.</summary>
    public int SlotCount => _next.Length;

    /// <summary>Room for rows of a step.</summary>
    public int RowCount { get; }

    /// <summary>Checks a step's arguments, and moves its slots on where they are in order.</summary>
    /// <exception cref="ArgumentException">A slot, a position, an input or the room for logits is wrong; nothing has moved.</exception>
    public void Take(ReadOnlySpan<DecodingRow> rows, Span<float> logits)
    {
        if (rows.IsEmpty || rows.Length > RowCount)
            throw new ArgumentException($"{rows.Length} rows were given, 1 to {RowCount} are possible.", nameof(rows));
        _step++;
        var needed = 0L;
        for (var i = 0; i < rows.Length; i++)
        {
            var follows = i > 0 && rows[i].Slot == rows[i - 1].Slot;
            CheckRow(rows[i], follows ? rows[i - 1].Position : null);
            _lastStep[rows[i].Slot] = _step;
            needed += rows[i].NeedsLogits ? 1 : 0;
        }
        if (logits.Length != needed * _config.CodebookSize)
            throw new ArgumentException($"The logits need room for {needed} × {_config.CodebookSize} values, not {logits.Length}.", nameof(logits));
        foreach (var row in rows)
            _next[row.Slot] = row.Position + 1;
    }

    /// <summary>Lets a slot continue at a position that it has come to before.</summary>
    public void GoBack(int slot, int position)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(position, _next[slot]);
        _next[slot] = position;
    }

    /// <summary>For measurements: lets every slot continue at a position.</summary>
    public void SkipTo(int position) => Array.Fill(_next, position);

    /// <param name="row">The row.</param>
    /// <param name="before">The position of the row before it, where that is of the same sequence.</param>
    private void CheckRow(DecodingRow row, int? before)
    {
        if ((uint)row.Slot >= (uint)SlotCount || (before is null && _lastStep[row.Slot] == _step))
            throw new ArgumentException($"Slot {row.Slot} does not exist or is given twice.", nameof(row));
        var isNext = before is { } last ? row.Position == last + 1 : row.Position == 0 || row.Position == _next[row.Slot];
        if ((uint)row.Position >= (uint)_config.SequenceLength || !isNext)
            throw new ArgumentException($"Slot {row.Slot} cannot take position {row.Position}; it has come to {_next[row.Slot]} of {_config.SequenceLength}.", nameof(row));
        var limit = row.Position == 0 ? _config.ClassCount + 1 : _config.CodebookSize;
        if ((uint)row.Input >= (uint)limit)
            throw new ArgumentOutOfRangeException(nameof(row), row.Input, $"An input at position {row.Position} lies between 0 and {limit - 1}.");
    }
}
