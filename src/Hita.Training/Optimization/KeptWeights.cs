using static TorchSharp.torch;

namespace Hita.Training.Optimization;

/// <summary>Copies of weights that are about to be replaced for a while; disposed, it puts them back, to the bit.</summary>
internal sealed class KeptWeights : IDisposable
{
    private readonly IReadOnlyList<Tensor> _live;
    private readonly Tensor[] _kept;
    private bool _disposed;

    /// <param name="live">The weights; they stay the caller's.</param>
    public KeptWeights(IReadOnlyList<Tensor> live)
    {
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        _live = live;
        _kept = [.. live.Select(static p => p.detach().clone().DetachFromDisposeScope())];
    }

    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        Copy(_kept, _live);
        foreach (var tensor in _kept)
            tensor.Dispose();
    }

    /// <summary>Copies values in place.</summary>
    internal static void Copy(IReadOnlyList<Tensor> from, IReadOnlyList<Tensor> to)
    {
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        for (var i = 0; i < to.Count; i++)
            to[i].copy_(from[i]);
    }
}
