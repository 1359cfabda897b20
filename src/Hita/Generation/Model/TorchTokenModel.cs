using System.Runtime.InteropServices;
using Hita.Runtime;
using static TorchSharp.torch;

namespace Hita.Generation.Model;

/// <summary>Decoding through the tensor library: the reference, and the way to a GPU.</summary>
/// <param name="model">The network; owned from here on.</param>
internal sealed class TorchTokenModel(GeneratorModel model) : ITokenModel
{
    /// <summary>The network.</summary>
    public GeneratorModel Model => model;

    public GeneratorConfig Config => model.Config;

    public IDecodingPass Begin(int rows, BoundaryMode boundary)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        return new TorchDecodingPass(model, rows, boundary);
    }

    public void Dispose() => model.Dispose();
}

internal sealed class TorchDecodingPass : IDecodingPass
{
    private readonly GeneratorModel _model;
    private readonly BoundaryMode _boundary;
    private readonly TensorKeyValueCache _cache;
    private Tensor? _head;
    private bool _holisticHead;

    public TorchDecodingPass(GeneratorModel model, int rows, BoundaryMode boundary)
    {
        _model = model;
        _boundary = boundary;
        Rows = rows;
        _cache = new TensorKeyValueCache(model.Config, rows, model.Placement.Device, model.Placement.Type);
    }

    public int Rows { get; private set; }

    public int Position { get; private set; }

    public void Advance(ReadOnlySpan<int> inputs, Span<float> logits)
    {
        var config = _model.Config;
        DecodingChecks.CheckStep(config, Rows, Position, inputs, logits);
        using var inference = inference_mode();
        using var scope = NewDisposeScope();
        var tokens = TensorOps.FromInts(inputs, Rows).to(_model.Placement.Device);
        var hidden = _model.Step(tokens, Position, _cache, _boundary); // [R, 1, C]
        if (!logits.IsEmpty)
        {
            var scores = OutputHeads.Logits(hidden, Head(Position < config.HolisticTokenCount));
            var plain = scores.to(ScalarType.Float32).cpu().contiguous(); // [R, 1, V]
            MemoryMarshal.Cast<byte, float>(plain.bytes).CopyTo(logits);
        }
        Position++;
    }

    public void KeepRows(int rows)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rows, Rows);
        Rows = rows;
    }

    public void Dispose()
    {
        _head?.Dispose();
        _cache.Dispose();
    }

    // Kept for the positions that share it: widening half of a step's weights again would take longer than reading them.
    private Tensor Head(bool holistic)
    {
        if (_head is null || _holisticHead != holistic)
        {
            _head?.Dispose();
            _head = _model.Head(holistic).DetachFromDisposeScope();
            _holisticHead = holistic;
        }
        return _head;
    }
}
