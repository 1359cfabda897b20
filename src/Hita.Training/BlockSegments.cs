using Hita.Generation.Model;
using static TorchSharp.torch;

namespace Hita.Training;

// B batch, T positions, C width.

/// <summary>A generator's pass over a micro-batch whose way back can be taken in parts.</summary>
internal interface IBlockPasses : IDisposable
{
    /// <summary>What <see cref="GeneratorModel.Hidden"/> gives; the gradient that arrives there goes on by <see cref="Backward"/> alone.</summary>
    /// <param name="classes">int64 [B].</param>
    /// <param name="tokens">int64 [B, T − 1].</param>
    /// <returns>[B, T, C].</returns>
    Tensor Hidden(Tensor classes, Tensor tokens);

    /// <summary>Carries the gradient of the blocks' outputs back to all parameters. Call it once, after the loss's own backward pass.</summary>
    /// <param name="done">Told each block when its own parameters have their gradients, from the last one; null for nothing.</param>
    void Backward(Action<int>? done = null);
}

/// <summary>
/// A generator's pass that is cut between its blocks, so that on the way back it is known when a block's gradients are complete: the
/// tensor library has no other way to learn it.
/// </summary>
internal sealed class BlockSegments(GeneratorModel model) : IBlockPasses
{
    private readonly List<(Tensor Input, Tensor Output)> _segments = [];
    private Tensor? _inputs;
    private Tensor? _last;

    /// <inheritdoc/>
    public Tensor Hidden(Tensor classes, Tensor tokens)
    {
        using var scope = NewDisposeScope();
        _inputs = model.Inputs(classes, tokens).DetachFromDisposeScope();
        var positions = model.PositionsOf(model.HolisticPositions, model.HolisticPositions);
        var x = _inputs;
        for (var i = 0; i < model.BlockCount; i++)
        {
            var input = x.detach().requires_grad_(true).DetachFromDisposeScope();
            x = model.Block(i, input, positions).DetachFromDisposeScope();
            _segments.Add((input, x));
        }
        _last = x.detach().requires_grad_(true).DetachFromDisposeScope();
        return model.Outputs(_last).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public void Backward(Action<int>? done = null)
    {
        if (_inputs is null || _last?.grad is not { } gradient)
            throw new InvalidOperationException("The loss has not been carried back to the outputs of the blocks.");
        for (var i = _segments.Count - 1; i >= 0; i--)
        {
            using (gradient)
                autograd.backward([_segments[i].Output], [gradient]);
            gradient = _segments[i].Input.grad!.DetachFromDisposeScope();
            done?.Invoke(i);
        }
        using (gradient)
            autograd.backward([_inputs], [gradient]);
    }

    /// <summary>Frees what is kept.</summary>
    public void Dispose()
    {
        foreach (var (input, output) in _segments)
        {
            input.Dispose();
            output.Dispose();
        }
        _inputs?.Dispose();
        _last?.Dispose();
    }
}
