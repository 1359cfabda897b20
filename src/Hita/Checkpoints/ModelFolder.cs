using Hita.Runtime;
using static TorchSharp.torch;

namespace Hita.Checkpoints;

/// <summary>A model on disk: <c>config.json</c> beside <c>model.safetensors</c>.</summary>
public static class ModelFolder
{
    /// <summary>Opens a folder's weights.</summary>
    public static ITensorSource OpenWeights(string folder) => SafetensorsFile.Open(Path.Combine(folder, "model.safetensors"));

    /// <summary>Writes a folder.</summary>
    public static void Write(string folder, string configJson, IReadOnlyDictionary<string, Tensor> tensors)
    {
        Directory.CreateDirectory(folder);
        SafetensorsWriter.Save(Path.Combine(folder, "model.safetensors"), tensors.ToList());
        File.WriteAllText(Path.Combine(folder, "config.json"), configJson);
    }

    /// <summary>Reads the configuration's text.</summary>
    public static string ReadConfig(string folder) => File.ReadAllText(Path.Combine(folder, "config.json"));

    /// <summary>The folder itself where it holds a configuration, else its part of this name.</summary>
    public static string Find(string folder, string part)
    {
        if (File.Exists(Path.Combine(folder, "config.json")))
            return folder;
        var inside = Path.Combine(folder, part);
        if (File.Exists(Path.Combine(inside, "config.json")))
            return inside;
        throw new CheckpointException(folder, Directory.Exists(folder)
            ? $"this folder holds neither a config.json nor a folder '{part}' with one; 'hita import' makes such a folder from a checkpoint."
            : "there is no such folder.");
    }
}
