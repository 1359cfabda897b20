using Hita.Checkpoints;
using Hita.Runtime;
using static TorchSharp.torch;

namespace Hita.Training;

/// <summary>Writes weights as a model folder, in the type that is asked for.</summary>
internal static class WeightExport
{
    /// <summary>Writes the folder; it appears whole or not at all.</summary>
    /// <param name="folder">Where; a model that lies there is replaced.</param>
    /// <param name="configJson">The configuration's text.</param>
    /// <param name="weights">The weights by name.</param>
    /// <param name="precision">float32 or bfloat16.</param>
    /// <param name="beside">Writes further files into the folder given; null for none.</param>
    /// <exception cref="CheckpointException">The folder cannot be written, or holds something else.</exception>
    public static void Write(
        string folder, string configJson, IReadOnlyDictionary<string, Tensor> weights, Precision precision, Action<string>? beside = null)
    {
        var type = precision == Precision.BFloat16 ? TensorType.BFloat16 : TensorType.Float32;
        using var frozen = no_grad();
        using var writer = new ModelFolderWriter(folder, configJson, [.. weights.Select(w => new TensorEntry(w.Key, type, w.Value.shape))]);
        foreach (var (name, tensor) in weights)
        {
            using var scope = NewDisposeScope();
            writer.Write(name, tensor.detach().to(type == TensorType.BFloat16 ? ScalarType.BFloat16 : ScalarType.Float32));
        }
        if (beside is not null)
            writer.WriteBeside(beside);
        writer.Complete();
    }
}
