using Hita.Runtime;
using static TorchSharp.torch;

namespace Hita.Training;

/// <summary>Averages the losses of a step's micro-batches, and reads them from their device all at once.</summary>
internal sealed class StepMeter
{
    private readonly List<string> _names = [];
    private readonly Dictionary<string, Tensor> _sums = new(StringComparer.Ordinal);

    /// <summary>Adds a micro-batch's value.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="value">One number, in the dispose scope of the step or of the micro-batch.</param>
    /// <param name="share">The micro-batch's share of the step.</param>
    public void Add(string name, Tensor value, double share)
    {
        using var frozen = no_grad();
        var part = value.detach().to(ScalarType.Float32).Times(share);
        if (_sums.TryGetValue(name, out var sum))
        {
            sum.AddInPlace(part);
            return;
        }
        _names.Add(name);
        _sums[name] = part.DetachFromDisposeScope();
    }

    /// <summary>Reads and frees everything.</summary>
    /// <returns>The averages in the order in which they first came.</returns>
    public List<KeyValuePair<string, double>> Read()
    {
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        if (_names.Count == 0)
            return [];
        var values = stack([.. _names.Select(name => _sums[name].reshape(Array.Empty<long>()))], 0).ToFloats();
        Dispose();
        return [.. _names.Select((name, i) => KeyValuePair.Create(name, (double)values[i]))];
    }

    /// <summary>Frees everything.</summary>
    public void Dispose()
    {
        foreach (var sum in _sums.Values)
            sum.Dispose();
        _sums.Clear();
    }
}
