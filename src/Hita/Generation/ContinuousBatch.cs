using Hita.Generation.Engine;
using Hita.Generation.Model;
using Hita.Generation.Sampling;

namespace Hita.Generation;

/// <summary>
/// Samples images that join and leave at any step, each at a position of its own. An image's tokens are those that
/// <see cref="SamplingLoop"/> samples for it. One thread uses it.
/// </summary>
internal sealed class ContinuousBatch : IDisposable
{
    private readonly ISlotDecoder _decoder;
    private readonly List<SampledSequence> _sequences = [];
    private readonly bool[] _taken;
    private readonly DecodingRow[] _rows;
    private readonly List<(SampledSequence Sequence, int Positions)> _parts = [];
    private float[] _logits = [];
    private readonly TokenSampler _sampler;
    private readonly int _size;

    /// <summary>Reserves room.</summary>
    /// <param name="model">The weights.</param>
    /// <param name="images">The most images at a time. Each may take two sequences of the decoder.</param>
    public ContinuousBatch(ITokenModel model, int images)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(images, 1);
        MaxCount = images;
        var slots = checked(2 * images);
        var rows = Math.Max(slots, KnownPositions.MaxRows);
        _size = model.Config.CodebookSize;
        _taken = new bool[slots];
        _rows = new DecodingRow[rows];
        _sampler = new TokenSampler(_size);
        _decoder = model is CpuTokenModel cpu ? cpu.BeginSlots(slots, rows) : new SeparatePasses(model, slots);
    }

    /// <summary>The most images at a time.</summary>
    public int MaxCount { get; }

    /// <summary>Images in it.</summary>
    public int Count => _sequences.Count;

    /// <summary>Sequences that the next step decodes: one an image, and one more where it is guided.</summary>
    public int RowCount => _sequences.Sum(static s => s.UnconditionalSlot >= 0 ? 2 : 1);

    /// <summary>Lets an image join, from the next step on.</summary>
    /// <param name="sequence">The image; it has tokens to sample, and there is room for it.</param>
    public void Add(SampledSequence sequence)
    {
        if (Count >= MaxCount)
            throw new InvalidOperationException($"All {MaxCount} places are taken.");
        if (sequence.IsComplete || sequence.Slot >= 0)
            throw new ArgumentException("The image is complete, or in a batch already.", nameof(sequence));
        sequence.Slot = Claim();
        if (sequence.GuidedCount > 0)
            sequence.UnconditionalSlot = Claim();
        _sequences.Add(sequence);
    }

    /// <summary>Lets an image leave before the next step.</summary>
    /// <returns>False where it is not in the batch.</returns>
    public bool Remove(SampledSequence sequence)
    {
        if (!_sequences.Remove(sequence))
            return false;
        Free(sequence);
        return true;
    }

    /// <summary>
    /// Takes one token of every image, and of some several that are known. Images that are complete leave, and those whose token cannot be
    /// sampled, with their fault.
    /// </summary>
    public void Step()
    {
        if (_sequences.Count == 0)
            return;
        var (rows, needed) = Plan();
        if (_logits.Length < needed * _size)
            _logits = new float[needed * _size];
        _decoder.Advance(_rows.AsSpan(0, rows), _logits.AsSpan(0, needed * _size));
        Take();
        foreach (var sequence in _sequences)
        {
            if (sequence.IsComplete || sequence.Fault is not null)
                Free(sequence);
        }
        _sequences.RemoveAll(static s => s.Slot < 0);
    }

    /// <inheritdoc/>
    public void Dispose() => _decoder.Dispose();

    /// <summary>Lays out the rows of a step.</summary>
    /// <returns>How many there are, and how many of them need logits.</returns>
    private (int Rows, int Needed) Plan()
    {
        foreach (var sequence in _sequences)
        {
            if (sequence.UnconditionalSlot >= 0 && sequence.Done >= sequence.GuidedCount)
                sequence.UnconditionalSlot = Free(sequence.UnconditionalSlot);
        }
        // What room is left beside a row for each goes to known tokens, whoever comes first.
        var (rows, needed) = (0, 0);
        var room = _decoder.SharesWork ? KnownPositions.MaxRows - RowCount : 0;
        _parts.Clear();
        foreach (var sequence in _sequences)
        {
            var width = sequence.UnconditionalSlot >= 0 ? 2 : 1;
            var positions = sequence.PositionsOfStep(1 + Math.Max(room / width, 0));
            room -= width * (positions - 1);
            _parts.Add((sequence, positions));
            for (var i = 0; i < width * positions; i++)
            {
                _rows[rows] = sequence.Row(i % positions, unconditional: i >= positions);
                needed += _rows[rows++].NeedsLogits ? 1 : 0;
            }
        }
        return (rows, needed);
    }

    /// <summary>Gives every image its logits, which lie in the order of the rows that need them.</summary>
    private void Take()
    {
        var (row, place) = (0, 0);
        foreach (var (sequence, positions) in _parts)
        {
            var guided = sequence.UnconditionalSlot >= 0;
            // Behind the rows for the class stand those for no class.
            var second = place;
            for (var i = 0; i < positions; i++)
                second += _rows[row + i].NeedsLogits ? 1 : 0;
            for (var i = 0; i < positions; i++)
            {
                var logits = Next(row + i, ref place);
                var unconditional = guided ? Next(row + positions + i, ref second) : [];
                Take(sequence, logits, unconditional);
            }
            place = second;
            row += guided ? 2 * positions : positions;
        }
    }

    private void Take(SampledSequence sequence, ReadOnlySpan<float> logits, ReadOnlySpan<float> unconditional)
    {
        if (sequence.Fault is not null)
            return;
        try
        {
            sequence.Take(logits, unconditional, _sampler);
        }
        catch (Exception e)
        {
            sequence.Fault = e;
        }
    }

    private ReadOnlySpan<float> Next(int row, ref int place) => _rows[row].NeedsLogits ? _logits.AsSpan(place++ * _size, _size) : [];

    // The lowest free one, so that memory follows how many there were at a time.
    private int Claim()
    {
        var slot = Array.IndexOf(_taken, false);
        _taken[slot] = true;
        return slot;
    }

    private int Free(int slot)
    {
        _decoder.Release(slot);
        _taken[slot] = false;
        return -1;
    }

    private void Free(SampledSequence sequence)
    {
        sequence.Slot = Free(sequence.Slot);
        if (sequence.UnconditionalSlot >= 0)
            sequence.UnconditionalSlot = Free(sequence.UnconditionalSlot);
    }
}
