using static TorchSharp.torch;

namespace Hita.Generation.Model;

/// <summary>The keys and values that a batch has seen, layer by layer; owned by one decoding pass.</summary>
internal sealed class TensorKeyValueCache : IDisposable
{
    private readonly Tensor[] _keys;
    private readonly Tensor[] _values;

    /// <param name="config">The architecture.</param>
    /// <param name="rows">Sequences.</param>
    /// <param name="device">Where to keep it.</param>
    /// <param name="type">Its type.</param>
    public TensorKeyValueCache(GeneratorConfig config, int rows, Device device, ScalarType type)
    {
        Tensor New() => empty([rows, config.Heads, config.SequenceLength, config.HeadWidth], dtype: type, device: device).DetachFromDisposeScope();
        _keys = [.. Enumerable.Range(0, config.Layers).Select(_ => New())];
        _values = [.. Enumerable.Range(0, config.Layers).Select(_ => New())];
    }

    /// <summary>Stores one position of a layer and returns all that the position may see.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="position">The position being decoded.</param>
    /// <param name="key">[R, H, 1, D].</param>
    /// <param name="value">[R, H, 1, D].</param>
    /// <returns>Views [R, H, position + 1, D] of the live part.</returns>
    public (Tensor Keys, Tensor Values) Append(int layer, long position, Tensor key, Tensor value) =>
        (Store(_keys[layer], position, key), Store(_values[layer], position, value));

    private static Tensor Store(Tensor all, long position, Tensor one)
    {
        // Rows that have been dropped lie behind those still decoded.
        using var rows = all.narrow(0, 0, one.size(0));
        using (var place = rows.narrow(2, position, 1))
            place.copy_(one);
        return rows.narrow(2, 0, position + 1);
    }

    public void Dispose()
    {
        foreach (var tensor in _keys.Concat(_values))
            tensor.Dispose();
    }
}
