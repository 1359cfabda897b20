using Hita.Runtime;
using static TorchSharp.torch;

namespace Hita.Training.Optimization;

/// <summary>Adam with decoupled weight decay over named parameters, with its state as named tensors.</summary>
/// <remarks>Parameters must stay the tensors they are: nothing may move them to another device once this exists.</remarks>
internal sealed class AdamOptimizer : IDisposable
{
    /// <summary>The name of the number of steps taken, in the state.</summary>
    public const string StepName = "step";

    private readonly OptimizerOptions _options;
    private readonly ITensorLists _lists;
    private readonly string[] _names;
    private readonly Tensor[] _parameters;
    private readonly bool[] _decays;
    private readonly Tensor[] _means;
    private readonly Tensor[] _squares;
    private readonly Tensor _step;

    /// <summary>Creates the state, all zero.</summary>
    /// <param name="parameters">The parameters by name; they stay the caller's.</param>
    /// <param name="options">The numbers.</param>
    /// <param name="lists">How many tensors are worked on; null for one native call.</param>
    /// <param name="decays">Which parameters' weights decay; null for those of rank 2 and more.</param>
    public AdamOptimizer(IReadOnlyDictionary<string, Tensor> parameters, OptimizerOptions options, ITensorLists? lists = null, Func<string, bool>? decays = null)
    {
        _options = options;
        _lists = lists ?? TensorLists.Fused;
        _names = [.. parameters.Keys];
        _parameters = [.. parameters.Values];
        _decays = [.. parameters.Select(p => decays?.Invoke(p.Key) ?? p.Value.Dimensions >= 2)];
        // In the parameters' own memory layout, which the fused step relies on.
        _means = Array.ConvertAll(_parameters, Zeros);
        _squares = Array.ConvertAll(_parameters, Zeros);
        _step = zeros([1], dtype: ScalarType.Float32).DetachFromDisposeScope();
        var state = new Dictionary<string, Tensor>(StringComparer.Ordinal) { [StepName] = _step };
        for (var i = 0; i < _names.Length; i++)
        {
            state["exp_avg." + _names[i]] = _means[i];
            state["exp_avg_sq." + _names[i]] = _squares[i];
        }
        State = state;
    }

    /// <summary><c>exp_avg.NAME</c> and <c>exp_avg_sq.NAME</c> of each parameter, and <c>step</c>, the number of steps taken.</summary>
    public IReadOnlyDictionary<string, Tensor> State { get; }

    /// <summary>Takes a step along gradients.</summary>
    /// <param name="gradients">One a parameter, in the parameters' order; null leaves the parameter as it is.</param>
    /// <param name="number">The step's number, from 1.</param>
    /// <param name="rate">The learning rate; null for the options' at this step.</param>
    public void Step(IReadOnlyList<Tensor?> gradients, long number, double? rate = null)
    {
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        _step.AddInPlace(ones([1], dtype: ScalarType.Float32));
        if (_parameters.Length == 0)
            return;
        // Steps lie on the CPU for a CPU's parameters; a GPU's kernel wants them beside its parameters.
        var counted = _step.to(_parameters[0].device).view(Array.Empty<long>());
        var chosenRate = rate ?? _options.RateAt(number);
        StepGroup(gradients, counted, chosenRate, decays: true, _options.WeightDecay);
        StepGroup(gradients, counted, chosenRate, decays: false, 0);
    }

    /// <summary>Forgets what is known of rows of a parameter, because they were replaced.</summary>
    public void ForgetRows(string name, Tensor rows)
    {
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        foreach (var state in (string[])["exp_avg.", "exp_avg_sq."])
            State[state + name].index_fill_(0, rows, TensorOps.Constant(0.0)).DetachFromDisposeScope();
    }

    public void Dispose()
    {
        foreach (var tensor in State.Values)
            tensor.Dispose();
    }

    private void StepGroup(IReadOnlyList<Tensor?> gradients, Tensor step, double rate, bool decays, double decay)
    {
        var chosen = Enumerable.Range(0, _parameters.Length).Where(i => gradients[i] is not null && _decays[i] == decays).ToArray();
        if (chosen.Length == 0)
            return;
        _lists.Adam(
            new AdamTensors(
                Array.ConvertAll(chosen, i => _parameters[i]), Array.ConvertAll(chosen, i => gradients[i]!),
                Array.ConvertAll(chosen, i => _means[i]), Array.ConvertAll(chosen, i => _squares[i]), Array.ConvertAll(chosen, _ => step)),
            rate, decay, _options);
    }

    private static Tensor Zeros(Tensor like)
    {
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        return zeros_like(like).DetachFromDisposeScope();
    }
}
