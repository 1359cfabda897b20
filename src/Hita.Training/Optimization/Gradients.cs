using Hita.Runtime;
using static TorchSharp.torch;

namespace Hita.Training.Optimization;

/// <summary>The gradients of a set of parameters, from the last micro-batch's backward pass to the optimiser's step.</summary>
internal sealed class Gradients
{
    private readonly Tensor[] _parameters;
    private readonly ITensorLists _lists;

    /// <param name="parameters">The parameters by name; they stay the caller's.</param>
    /// <param name="lists">How many tensors are worked on; null for one native call.</param>
    public Gradients(IReadOnlyDictionary<string, Tensor> parameters, ITensorLists? lists = null) =>
        (_parameters, _lists) = ([.. parameters.Values], lists ?? TensorLists.Fused);

    /// <summary>Frees all gradients.</summary>
    public void Clear()
    {
        foreach (var parameter in _parameters)
            parameter.grad = null;
    }

    /// <summary>One a parameter, null where none has arrived. They belong to the dispose scope of the caller.</summary>
    public Tensor?[] Read() => Array.ConvertAll(_parameters, static Tensor? (p) => p.grad);

    /// <summary>A gradient of zeros for each parameter, in the caller's dispose scope.</summary>
    public Tensor?[] Zeros() => Array.ConvertAll(_parameters, static Tensor? (p) => zeros_like(p));

    /// <summary>The norm over all gradients, in float64 over float32 norms of each, before clipping.</summary>
    /// <returns>0 where there are none; not finite where a gradient is not.</returns>
    public double Norm(IReadOnlyList<Tensor?> gradients)
    {
        var present = gradients.OfType<Tensor>().ToArray();
        if (present.Length == 0)
            return 0;
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        return Math.Sqrt(_lists.Norms(present).ToFloats().Sum(static n => (double)n * n));
    }

    /// <summary>Shortens gradients of a norm to a limit; 0 for no limit.</summary>
    public void Clip(IReadOnlyList<Tensor?> gradients, double norm, double limit)
    {
        // The constant is the framework's own, and part of the published numbers.
        var factor = limit / (norm + 1e-6);
        var present = gradients.OfType<Tensor>().ToArray();
        if (limit <= 0 || factor >= 1 || present.Length == 0)
            return;
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        _lists.ScaleInPlace(present, TensorOps.FromFloats([(float)factor], Array.Empty<long>()).to(present[0].device));
    }
}
