using Hita.Generation.Engine.Kernels;
using Hita.Generation.Engine.Packing;
using Hita.Generation.Model;

namespace Hita.Generation.Engine;

/// <summary>The decoding of one batch on the CPU engine.</summary>
internal sealed class DecodingPass : IDecodingPass
{
    private readonly CpuTokenModel _owner;
    private readonly PackedModel _model;
    private readonly BoundaryMode _boundary;
    private readonly StepBuffers _buffers;
    private readonly KeyValueCache _cache;
    private readonly DecodingStep _step;
    private bool _disposed;

    public DecodingPass(CpuTokenModel owner, PackedModel model, int rows, BoundaryMode boundary)
    {
        (_owner, _model, _boundary) = (owner, model, boundary);
        Rows = rows;
        _cache = new KeyValueCache(model.Config, model.Precision.ToCacheKind(), rows);
        try
        {
            _buffers = new StepBuffers(model.Config, rows, owner.Team.Members);
        }
        catch
        {
            _cache.Dispose();
            throw;
        }
        _step = new DecodingStep(model, owner.Team, owner.Kernels, _buffers, _cache);
    }

    /// <inheritdoc/>
    public int Rows { get; private set; }

    /// <inheritdoc/>
    public int Position { get; private set; }

    /// <inheritdoc/>
    public void Advance(ReadOnlySpan<int> inputs, Span<float> logits)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        DecodingChecks.CheckStep(_model.Config, Rows, Position, inputs, logits);
        var isHolistic = Position < _model.Config.HolisticTokenCount;
        _step.Run(Position, TableAt(Position), inputs, isHolistic ? _model.HolisticHead : _model.PatchHead, logits);
        Position++;
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
        _cache.Clear();
        Position = position;
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

    /// <summary>What embeds the input at a position.</summary>
    private EmbeddingTable TableAt(int position)
    {
        if (position == 0)
            return _model.Classes;
        var last = _model.Config.HolisticTokenCount;
        return position < last || (position == last && _boundary == BoundaryMode.Trained) ? _model.Holistic : _model.Patches;
    }
}
