using Hita.Runtime;
using static TorchSharp.torch;

namespace Hita.Training.Optimization;

/// <summary>What optimisers, clipping and averages do to many tensors at once.</summary>
internal interface ITensorLists
{
    /// <summary>The Euclidean norm of each tensor, [count].</summary>
    Tensor Norms(IReadOnlyList<Tensor> tensors);

    /// <summary>Multiplies each tensor in place by a number, a tensor of no dimension on their device.</summary>
    void ScaleInPlace(IReadOnlyList<Tensor> tensors, Tensor factor);

    /// <summary>Moves each tensor towards its target in place: a + weight · (b − a).</summary>
    void MoveTowards(IReadOnlyList<Tensor> tensors, IReadOnlyList<Tensor> targets, double weight);

    /// <summary>One step of Adam with decoupled weight decay.</summary>
    /// <param name="state">Parameters, gradients, mean gradients, mean squares; step counts after this step, one a parameter.</param>
    /// <param name="rate">The learning rate.</param>
    /// <param name="decay">The weight decay.</param>
    /// <param name="options">The rest.</param>
    void Adam(AdamTensors state, double rate, double decay, OptimizerOptions options);
}

/// <summary>Operations on many tensors in one native call: for models of hundreds of small tensors several times faster.</summary>
internal sealed class TensorLists : ITensorLists
{
    // The managed package has none of these; as TorchScript they are one call each. A source that does not compile ends the
    // process, so that every function here is run by a test.
    private const string Source =
        """
        def norms(g: List[Tensor]) -> Tensor:
            return torch.stack(torch._foreach_norm(g, 2.0))

        def scale(g: List[Tensor], factor: Tensor) -> Tensor:
            torch._foreach_mul_(g, factor)
            return factor

        def lerp(a: List[Tensor], b: List[Tensor], weight: Tensor) -> Tensor:
            torch._foreach_lerp_(a, b, weight.item())
            return weight

        def adam(p: List[Tensor], g: List[Tensor], m: List[Tensor], v: List[Tensor], none: List[Tensor], steps: List[Tensor], rate: Tensor, beta1: float, beta2: float, decay: float, eps: float) -> Tensor:
            torch._fused_adamw_(p, g, m, v, none, steps, lr=rate, beta1=beta1, beta2=beta2, weight_decay=decay, eps=eps, amsgrad=False, maximize=False)
            return rate

        """;

    private static readonly Lazy<jit.CompilationUnit> Functions = new(() => jit.compile(Source));

    private TensorLists()
    {
    }

    /// <summary>The one there is: it holds nothing.</summary>
    public static ITensorLists Fused { get; } = new TensorLists();

    /// <inheritdoc/>
    public Tensor Norms(IReadOnlyList<Tensor> tensors) => Functions.Value.invoke<Tensor>("norms", (object)Plain(tensors));

    /// <inheritdoc/>
    public void ScaleInPlace(IReadOnlyList<Tensor> tensors, Tensor factor) =>
        Functions.Value.invoke<Tensor>("scale", Plain(tensors), factor).Dispose();

    /// <inheritdoc/>
    public void MoveTowards(IReadOnlyList<Tensor> tensors, IReadOnlyList<Tensor> targets, double weight)
    {
        using var number = Number(weight);
        Functions.Value.invoke<Tensor>("lerp", Plain(tensors), Plain(targets), number).Dispose();
    }

    /// <inheritdoc/>
    public void Adam(AdamTensors state, double rate, double decay, OptimizerOptions options)
    {
        using var number = Number(rate);
        Functions.Value.invoke<Tensor>(
            "adam", Plain(state.Parameters), Plain(state.Gradients), Plain(state.Means), Plain(state.Squares), Array.Empty<Tensor>(),
            Plain(state.Steps), number, TensorOps.Constant(options.Beta1), TensorOps.Constant(options.Beta2),
            TensorOps.Constant(decay), TensorOps.Constant(options.Epsilon)).Dispose();
    }

    // A float64 tensor of no dimension: a value that changes with the step must not become a scalar that lives for ever.
    private static Tensor Number(double value)
    {
        var number = empty([], dtype: ScalarType.Float64);
        System.Runtime.InteropServices.MemoryMarshal.Cast<byte, double>(number.bytes)[0] = value;
        return number;
    }

    private static Tensor[] Plain(IReadOnlyList<Tensor> tensors) => tensors as Tensor[] ?? [.. tensors];
}

/// <summary>What a step of Adam reads and writes, one of each a parameter.</summary>
internal sealed record AdamTensors(Tensor[] Parameters, Tensor[] Gradients, Tensor[] Means, Tensor[] Squares, Tensor[] Steps);
