using System.Text;
using Hita.Runtime;
using static TorchSharp.torch;

namespace Hita.Checkpoints;

/// <summary>
/// A model folder: <c>config.json</c> and <c>model.safetensors</c>, or shards with <c>model.safetensors.index.json</c>. What the
/// configuration says is not known here.
/// </summary>
public static class ModelFolder
{
    /// <summary>The name of the configuration.</summary>
    public const string ConfigName = "config.json";

    /// <summary>The name of the weights in one file.</summary>
    public const string WeightsName = "model.safetensors";

    /// <summary>The name of the index of weights in several files.</summary>
    public const string IndexName = "model.safetensors.index.json";

    /// <summary>Bytes of tensors above which weights are split: 4 GiB.</summary>
    public const long DefaultShardBytes = 4L << 30;

    private const int MostConfigBytes = 1 << 20;

    /// <summary>Whether a folder holds a configuration and weights.</summary>
    /// <param name="folder">The folder; it need not exist.</param>
    public static bool IsModelFolder(string folder) =>
        File.Exists(Path.Combine(folder, ConfigName)) && (File.Exists(Path.Combine(folder, WeightsName)) || File.Exists(Path.Combine(folder, IndexName)));

    /// <summary>Reads the configuration's text.</summary>
    /// <param name="folder">The model folder.</param>
    /// <exception cref="CheckpointException">There is none, or it cannot be read.</exception>
    public static string ReadConfig(string folder)
    {
        var path = Path.Combine(folder, ConfigName);
        if (!File.Exists(path))
            throw NotAModel(folder, $"it has no {ConfigName}");
        using var file = CheckpointBytes.Open(path);
        if (file.Length > MostConfigBytes)
            throw new CheckpointException(path, $"the configuration has {file.Length} bytes, and at most {MostConfigBytes} are read.");
        var bytes = new byte[file.Length];
        file.Read(0, bytes);
        ReadOnlySpan<byte> text = bytes;
        return Encoding.UTF8.GetString(text.StartsWith("\uFEFF"u8) ? text[3..] : text);
    }

    /// <summary>Opens the weights.</summary>
    /// <param name="folder">The model folder; a configuration is not needed.</param>
    /// <exception cref="CheckpointException">There are none, or they cannot be read.</exception>
    public static ITensorSource OpenWeights(string folder)
    {
        var (single, index) = (Path.Combine(folder, WeightsName), Path.Combine(folder, IndexName));
        if (File.Exists(single))
            return SafetensorsFile.Open(single);
        if (File.Exists(index))
            return ShardedSource.Open(index);
        throw NotAModel(folder, $"it has no {WeightsName}");
    }

    /// <summary>Writes a model folder from tensors of the library.</summary>
    /// <param name="folder">Where it will appear, complete or not at all; an older model there is replaced.</param>
    /// <param name="configJson">The text of the configuration.</param>
    /// <param name="tensors">Names and tensors, in order.</param>
    /// <param name="metadata">Texts for the weight files; null for none.</param>
    /// <param name="shardBytes">Bytes of tensors above which weights are split.</param>
    /// <exception cref="CheckpointException">It cannot be written, or something else is there.</exception>
    public static void Save(
        string folder,
        string configJson,
        IReadOnlyCollection<KeyValuePair<string, Tensor>> tensors,
        IReadOnlyDictionary<string, string>? metadata = null,
        long shardBytes = DefaultShardBytes)
    {
        using var writer = new ModelFolderWriter(folder, configJson, tensors.Select(t => TorchTensors.Describe(t.Key, t.Value)), metadata, shardBytes);
        foreach (var (name, tensor) in tensors)
            writer.WriteTensor(name, tensor);
        writer.Complete();
    }

    private static CheckpointException NotAModel(string folder, string reason)
    {
        if (File.Exists(folder))
            return new CheckpointException(folder, "this is a file where a model folder is needed; make one of it with 'hita import'.");
        if (!Directory.Exists(folder))
            return new CheckpointException(folder, "there is no such model folder.");
        foreach (var part in new[] { "tokenizer", "generator" })
        {
            if (IsModelFolder(Path.Combine(folder, part)))
                return new CheckpointException(folder, $"this is a pipeline of several models where one is needed; name its folder '{part}' instead.");
        }
        return new CheckpointException(folder, $"this is not a model folder: {reason}.");
    }
}
