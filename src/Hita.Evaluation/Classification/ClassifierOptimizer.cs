using Hita.Runtime;
using static TorchSharp.torch;

namespace Hita.Evaluation.Classification;

/// <summary>AdamW for the few parameters of a classifier, with weight decay on matrices and kernels only.</summary>
internal sealed class ClassifierOptimizer : IDisposable
{
    private const double Momentum = 0.9;
    private const double SquareMomentum = 0.99;
    private const double Eps = 1e-8;

    private readonly List<(Tensor Value, Tensor Mean, Tensor Square)> _parameters = [];
    private readonly double _decay;
    private int _step;

    public ClassifierOptimizer(IEnumerable<Tensor> parameters, double decay)
    {
        _decay = decay;
        using var frozen = no_grad();
        foreach (var parameter in parameters)
            _parameters.Add((parameter, zeros_like(parameter).DetachFromDisposeScope(), zeros_like(parameter).DetachFromDisposeScope()));
    }

    /// <summary>Moves every parameter against its gradient, and clears the gradients.</summary>
    public void Step(double rate)
    {
        using var frozen = no_grad();
        _step++;
        var corrected = rate * Math.Sqrt(1 - Math.Pow(SquareMomentum, _step)) / (1 - Math.Pow(Momentum, _step));
        foreach (var (value, mean, square) in _parameters)
        {
            using var scope = NewDisposeScope();
            if (value.grad is not { } gradient)
                continue;
            mean.ScaleInPlace(Momentum);
            mean.AddInPlace(gradient.Times(1 - Momentum));
            square.ScaleInPlace(SquareMomentum);
            square.AddInPlace(gradient.Times(gradient).Times(1 - SquareMomentum));
            // Rates change with every step: as tensors, since constants are kept for ever.
            var change = mean.Over(square.sqrt().Plus(Eps)).Times(TensorOps.FromFloats([(float)-corrected], 1));
            if (value.Dimensions > 1)
                change = change.Plus(value.Times(TensorOps.FromFloats([(float)(-rate * _decay)], 1)));
            value.AddInPlace(change);
            gradient.ScaleInPlace(0);
        }
    }

    public void Dispose()
    {
        foreach (var (_, mean, square) in _parameters)
        {
            mean.Dispose();
            square.Dispose();
        }
    }
}
