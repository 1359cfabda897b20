using Hita.Generation.Model;
using Hita.Runtime;
using Hita.Runtime.Products;
using static TorchSharp.torch;

namespace Hita.Training;

// B batch, T positions, C width, M holistic tokens.

/// <summary>
/// A generator's pass over a micro-batch that keeps each block's input and nothing else of it. On the way back the blocks are computed
/// again, one by one from the last, with the same dropout, and each frees what it needed before the next one begins.
/// </summary>
/// <param name="model">The generator.</param>
/// <param name="random">The micro-batch's randomness.</param>
/// <param name="cast">Begins mixed precision, or gives null.</param>
internal sealed class RecomputedBlocks(GeneratorModel model, StepRandom random, Func<Autocast?> cast) : IBlockPasses
{
    private readonly List<Tensor> _blockInputs = [];
    private readonly List<RandomStateMark> _places = [];
    private Tensor? _inputs;
    private Tensor? _last;
    private Tensor? _ofTable;

    /// <inheritdoc/>
    public Tensor Hidden(Tensor classes, Tensor tokens)
    {
        using var scope = NewDisposeScope();
        _inputs = model.Inputs(classes, tokens).DetachFromDisposeScope();
        using (no_grad())
        using (LinearProduct.AsInTraining())
        {
            var positions = model.PositionsOf(model.HolisticPositions, model.HolisticPositions);
            var x = _inputs.detach();
            for (var i = 0; i < model.BlockCount; i++)
            {
                _blockInputs.Add(x.DetachFromDisposeScope());
                _places.Add(RandomStateMark.Mark(x.device, random));
                x = model.Block(i, x, positions);
            }
            _last = x.detach().requires_grad_(true).DetachFromDisposeScope();
        }
        return model.Outputs(_last).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public void Backward(Action<int>? done = null)
    {
        using var scope = NewDisposeScope();
        if (_inputs is null || _last?.grad is not { } gradient)
            throw new InvalidOperationException("The loss has not been carried back to the outputs of the blocks.");
        for (var i = model.BlockCount - 1; i >= 0; i--)
        {
            gradient = BackThrough(i, gradient);
            done?.Invoke(i);
        }
        autograd.backward([_inputs], [gradient]);
        if (_ofTable is not null)
            autograd.backward([model.HolisticPositions!], [_ofTable]);
    }

    /// <summary>Frees what is kept.</summary>
    public void Dispose()
    {
        _blockInputs.ForEach(static x => x.Dispose());
        _places.ForEach(static p => p.Dispose());
        _inputs?.Dispose();
        _last?.Dispose();
        _ofTable?.Dispose();
    }

    // The gradient of a block's inputs; those of its parameters go to them.
    private Tensor BackThrough(int number, Tensor gradient)
    {
        using var scope = NewDisposeScope();
        var x = Leaf(_blockInputs[number])!;
        var (ofQueries, ofKeys) = (Leaf(model.HolisticPositions), Leaf(model.HolisticPositions));
        _places[number].Return();
        Tensor y;
        using (var mixed = cast())
            y = model.Block(number, x, model.PositionsOf(ofQueries, ofKeys));
        autograd.backward([y], [gradient]);
        if (ofQueries is not null)
            AddToTable(ofKeys!.grad!, ofQueries.grad!);
        var found = x.grad!.MoveToOuterDisposeScope();
        _blockInputs[number].Dispose();
        gradient.Dispose();
        return found;
    }

    // All blocks add the same table. One pass over all of them adds its gradients in this order, so that the sums round alike.
    private void AddToTable(Tensor ofKeys, Tensor ofQueries)
    {
        using var frozen = no_grad();
        if (_ofTable is null)
            _ofTable = ofKeys.DetachFromDisposeScope();
        else
            _ofTable.AddInPlace(ofKeys);
        _ofTable.AddInPlace(ofQueries);
    }

    private static Tensor? Leaf(Tensor? values) => values?.detach().requires_grad_(true);
}
