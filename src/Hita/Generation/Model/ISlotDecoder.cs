namespace Hita.Generation.Model;

/// <summary>One sequence's part in a step that takes sequences at different positions.</summary>
/// <param name="Slot">Where the sequence keeps its keys and values.</param>
/// <param name="Position">The position that is taken: 0 begins a sequence anew, otherwise the one after the slot's last.</param>
/// <param name="Input">The class at position 0, later the token that was chosen at the step before.</param>
/// <param name="NeedsLogits">Whether the head is computed.</param>
/// <param name="Boundary">How the last holistic code is embedded.</param>
internal readonly record struct DecodingRow(int Slot, int Position, int Input, bool NeedsLogits = true, BoundaryMode Boundary = BoundaryMode.Trained);

/// <summary>Decodes sequences that come and go, each at a position of its own. One thread uses it.</summary>
internal interface ISlotDecoder : IDisposable
{
    /// <summary>How many sequences there is room for.</summary>
    int SlotCount { get; }

    /// <summary>Whether several rows of a step take less time than the same rows one by one.</summary>
    bool SharesWork { get; }

    /// <summary>Takes positions of some sequences.</summary>
    /// <param name="rows">1 or more rows of sequences in any order; several rows of a sequence stand together, at
    /// positions that follow each other.</param>
    /// <param name="logits">Receives [n, V] float32 logits of the n rows that need them, in their order.</param>
    void Advance(ReadOnlySpan<DecodingRow> rows, Span<float> logits);

    /// <summary>Tells that a sequence is over; its slot may begin another.</summary>
    void Release(int slot);
}
