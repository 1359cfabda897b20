using Hita.Generation.Engine.Kernels;
using Hita.Generation.Engine.Packing;
using Hita.Generation.Model;
using Hita.Runtime;

namespace Hita.Generation.Engine;

/// <summary>
/// Sequences at positions of their own on the CPU engine. Each has a fixed slot of the cache: 2 · layers · positions · width
/// values, whose memory is taken as positions are written for the first time and kept until the decoder is disposed.
/// </summary>
/// <remarks>A row's logits do not depend on which slot it is in, on the other rows, or on their positions.</remarks>
internal sealed class SlotDecoder : ISlotDecoder
{
    private readonly CpuTokenModel _owner;
    private readonly StepBuffers _buffers;
    private readonly KeyValueCache _cache;
    private readonly DecodingStep _step;
    private readonly SlotChecks _checks;
    private bool _disposed;

    /// <param name="owner">The model, told when this is disposed.</param>
    /// <param name="model">Its weights.</param>
    /// <param name="slots">The most sequences at a time.</param>
    /// <param name="rows">The most rows of a step, no fewer than sequences: positions of all of them together.</param>
    public SlotDecoder(CpuTokenModel owner, PackedModel model, int slots, int rows)
    {
        _owner = owner;
        _checks = new SlotChecks(model.Config, slots, rows);
        _cache = new KeyValueCache(model.Config, model.Precision.ToCacheKind(), slots);
        try
        {
            _buffers = new StepBuffers(model.Config, rows, owner.Team.Members, model.Precision == Precision.Int8);
        }
        catch
        {
            _cache.Dispose();
            throw;
        }
        _step = new DecodingStep(model, owner.Team, owner.Kernels, _buffers, _cache, rows);
    }

    /// <inheritdoc/>
    public int SlotCount => _checks.SlotCount;

    /// <summary>How many rows a step has room for, at least <see cref="SlotCount"/>.</summary>
    public int RowCount => _checks.RowCount;

    /// <inheritdoc/>
    public bool SharesWork => true;

    /// <inheritdoc/>
    public void Advance(ReadOnlySpan<DecodingRow> rows, Span<float> logits)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _checks.Take(rows, logits);
        _step.Run(rows, logits);
    }

    /// <inheritdoc/>
    public void Release(int slot)
    {
        // What it wrote stays until a sequence that begins there writes over it; no position reads beyond itself.
    }

    /// <summary>For studies of guessed tokens: a sequence goes on from a position that it has come to before.</summary>
    internal void GoBack(int slot, int position) => _checks.GoBack(slot, position);

    /// <summary>For measurements: lets every slot continue at a position, as if the ones before had left zeros in the cache.</summary>
    internal void SkipTo(int position)
    {
        _cache.Clear();
        _checks.SkipTo(position);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _cache.Dispose();
        _buffers.Dispose();
        _owner.PassEnded();
    }
}
