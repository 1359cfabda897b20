using Hita.Generation.Model;

namespace Hita.Generation.Engine;

/// <summary>The decoding of one batch on the CPU engine: sequences that share a position.</summary>
internal sealed class DecodingPass : IDecodingPass
{
    private readonly SlotDecoder _slots;
    private readonly GeneratorConfig _config;
    private readonly BoundaryMode _boundary;
    private readonly DecodingRow[] _rows;
    private bool _disposed;

    /// <param name="slots">Decodes; owned from here on.</param>
    /// <param name="config">The architecture.</param>
    /// <param name="boundary">How the last holistic code is embedded.</param>
    public DecodingPass(SlotDecoder slots, GeneratorConfig config, BoundaryMode boundary)
    {
        (_slots, _config, _boundary) = (slots, config, boundary);
        _rows = new DecodingRow[slots.RowCount];
        Rows = slots.SlotCount;
    }

    /// <inheritdoc/>
    public int Rows { get; private set; }

    /// <inheritdoc/>
    public int Position { get; private set; }

    /// <inheritdoc/>
    public void Advance(ReadOnlySpan<int> inputs, Span<float> logits)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        DecodingChecks.CheckStep(_config, Rows, Position, inputs, logits);
        for (var row = 0; row < Rows; row++)
            _rows[row] = new DecodingRow(row, Position, inputs[row], !logits.IsEmpty, _boundary);
        _slots.Advance(_rows.AsSpan(0, Rows), logits);
        Position++;
    }

    /// <inheritdoc/>
    public void AdvanceKnown(ReadOnlySpan<int> inputs, int logitPositions, Span<float> logits)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var positions = KnownPositions.Check(Rows, inputs, logitPositions, logits);
        if (inputs.Length > _rows.Length)
        {
            KnownPositions.OneByOne(this, inputs, logitPositions, logits);
            return;
        }
        for (var i = 0; i < inputs.Length; i++)
        {
            var (row, ahead) = Math.DivRem(i, positions);
            _rows[i] = new DecodingRow(row, Position + ahead, inputs[i], ahead >= positions - logitPositions, _boundary);
        }
        _slots.Advance(_rows.AsSpan(0, inputs.Length), logits);
        Position += positions;
    }

    /// <inheritdoc/>
    public void KeepRows(int rows)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rows);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rows, Rows);
        Rows = rows;
    }

    /// <summary>For measurements: continues at a later position, as if the ones before had left zeros in the cache.</summary>
    internal void SkipTo(int position)
    {
        _slots.SkipTo(position);
        Position = position;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _disposed = true;
        _slots.Dispose();
    }
}
