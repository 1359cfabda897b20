using Hita.Checkpoints;
using static TorchSharp.torch;

namespace Hita.Training;

/// <summary>A tensor of a checkpoint, which need not be anywhere as a whole.</summary>
/// <param name="Entry">Its name, type and shape.</param>
/// <param name="Read">Gives it: the tensor itself or, in the caller's scope, one that is put together.</param>
/// <param name="Write">Takes the values of a file; null where they are loaded into the tensor itself.</param>
internal sealed record StateTensor(TensorEntry Entry, Func<Tensor> Read, Action<Tensor>? Write = null)
{
    /// <summary>Its name in the file.</summary>
    public string Name => Entry.Name;

    /// <summary>A tensor that this process has as a whole.</summary>
    public static StateTensor Of(string name, Tensor tensor) => new(TorchTensors.Describe(name, tensor), () => tensor);

    /// <summary>Tensors that this process has as a whole, by file.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<StateTensor>> Of(IReadOnlyDictionary<string, IReadOnlyDictionary<string, Tensor>> files) =>
        files.ToDictionary(static f => f.Key, static f => (IReadOnlyList<StateTensor>)[.. f.Value.Select(static t => Of(t.Key, t.Value))], StringComparer.Ordinal);
}
