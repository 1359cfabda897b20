using static TorchSharp.torch;

namespace Hita.Training.Optimization;

/// <summary>The exponential moving average of parameters.</summary>
internal sealed class WeightAverage : IDisposable
{
    private readonly Tensor[] _live;
    private readonly Tensor[] _average;
    private readonly ITensorLists _lists;

    /// <summary>Starts at the parameters' values.</summary>
    /// <param name="parameters">The parameters by name; they stay the caller's.</param>
    /// <param name="lists">How many tensors are worked on; null for one native call.</param>
    public WeightAverage(IReadOnlyDictionary<string, Tensor> parameters, ITensorLists? lists = null)
    {
        _lists = lists ?? TensorLists.Fused;
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        _live = [.. parameters.Values];
        _average = Array.ConvertAll(_live, static p => p.detach().clone().DetachFromDisposeScope());
        State = parameters.Keys.Zip(_average).ToDictionary(static p => p.First, static p => p.Second, StringComparer.Ordinal);
    }

    /// <summary>The averages under the parameters' names.</summary>
    public IReadOnlyDictionary<string, Tensor> State { get; }

    /// <summary>Moves the average towards the parameters.</summary>
    /// <param name="decay">The share that is kept.</param>
    public void Update(double decay)
    {
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        if (_live.Length > 0)
            _lists.MoveTowards(_average, _live, 1 - decay);
    }

    /// <summary>Starts anew at the parameters' values.</summary>
    public void Restart() => KeptWeights.Copy(_live, _average);

    /// <summary>Puts the averages into the parameters until the result is disposed; then the parameters are what they were, to the bit.</summary>
    public IDisposable Swap()
    {
        var kept = new KeptWeights(_live);
        KeptWeights.Copy(_average, _live);
        return kept;
    }

    public void Dispose()
    {
        foreach (var tensor in _average)
            tensor.Dispose();
    }
}
