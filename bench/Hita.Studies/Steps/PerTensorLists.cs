using Hita.Runtime;
using Hita.Training.Optimization;
using TorchSharp;
using static TorchSharp.torch;

namespace Hita.Studies.Steps;

/// <summary>The naive form of what an optimiser does: one tensor after the other, one operation after the other.</summary>
internal sealed class PerTensorLists : ITensorLists
{
    public Tensor Norms(IReadOnlyList<Tensor> tensors)
    {
        using var scope = NewDisposeScope();
        return stack([.. tensors.Select(static t => t.norm())], 0).MoveToOuterDisposeScope();
    }

    public void ScaleInPlace(IReadOnlyList<Tensor> tensors, Tensor factor)
    {
        foreach (var tensor in tensors)
            tensor.mul_(factor);
    }

    public void MoveTowards(IReadOnlyList<Tensor> tensors, IReadOnlyList<Tensor> targets, double weight)
    {
        using var kept = (1 - weight).ToScalar();
        using var share = weight.ToScalar();
        for (var i = 0; i < tensors.Count; i++)
        {
            tensors[i].mul_(kept);
            tensors[i].add_(targets[i], share);
        }
    }

    public void Adam(AdamTensors state, double rate, double decay, OptimizerOptions options)
    {
        var step = TensorOps.ToDouble(state.Steps[0]);
        // A scalar that nobody holds may be freed while native code reads it.
        using var kept = (1 - (rate * decay)).ToScalar();
        using var stride = (-rate / (1 - Math.Pow(options.Beta1, step))).ToScalar();
        using var correction = (1 / Math.Sqrt(1 - Math.Pow(options.Beta2, step))).ToScalar();
        Scalar beta1 = TensorOps.Constant(options.Beta1), rest1 = TensorOps.Constant(1 - options.Beta1);
        Scalar beta2 = TensorOps.Constant(options.Beta2), rest2 = TensorOps.Constant(1 - options.Beta2);
        Scalar eps = TensorOps.Constant(options.Epsilon), one = TensorOps.Constant(1.0);
        for (var i = 0; i < state.Parameters.Length; i++)
        {
            using var scope = NewDisposeScope();
            var (parameter, gradient, mean, square) = (state.Parameters[i], state.Gradients[i], state.Means[i], state.Squares[i]);
            if (decay > 0)
                parameter.mul_(kept);
            mean.mul_(beta1);
            mean.add_(gradient, rest1);
            square.mul_(beta2);
            square.addcmul_(gradient, gradient, rest2);
            var root = square.sqrt();
            root.mul_(correction);
            root.add_(eps, one);
            parameter.addcdiv_(mean, root, stride);
        }
    }
}
