namespace Hita.Generation.Model;

/// <summary>
/// Sequences at positions of their own through a model that decodes batches of one position only: each sequence is a batch of
/// its own, so that they come and go freely but do not share a step.
/// </summary>
/// <param name="model">The weights.</param>
/// <param name="slots">The most sequences at a time.</param>
internal sealed class SeparatePasses(ITokenModel model, int slots) : ISlotDecoder
{
    private readonly IDecodingPass?[] _passes = new IDecodingPass?[slots];
    private readonly SlotChecks _checks = new(model.Config, slots, slots);

    /// <inheritdoc/>
    public int SlotCount => slots;

    /// <inheritdoc/>
    public bool SharesWork => false;

    /// <inheritdoc/>
    public void Advance(ReadOnlySpan<DecodingRow> rows, Span<float> logits)
    {
        _checks.Take(rows, logits);
        var size = model.Config.CodebookSize;
        for (var i = 0; i < rows.Length; i++)
        {
            var row = rows[i];
            if (row.Position == 0)
            {
                Release(row.Slot);
                _passes[row.Slot] = model.Begin(1, row.Boundary);
            }
            _passes[row.Slot]!.Advance([row.Input], row.NeedsLogits ? logits[..size] : []);
            if (row.NeedsLogits)
                logits = logits[size..];
        }
    }

    /// <inheritdoc/>
    public void Release(int slot)
    {
        _passes[slot]?.Dispose();
        _passes[slot] = null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        for (var slot = 0; slot < slots; slot++)
            Release(slot);
    }
}
