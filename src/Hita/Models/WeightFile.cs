using Hita.Checkpoints;
using Hita.Runtime;

namespace Hita.Models;

/// <summary>Opens weights of any kind that the library knows, told apart by their content and never by their name.</summary>
public static class WeightFile
{
    /// <summary>Opens a PyTorch checkpoint, a safetensors file or a model folder.</summary>
    /// <param name="path">The file or folder.</param>
    /// <param name="section">Which weights of a published checkpoint to take.</param>
    /// <exception cref="CheckpointException">It cannot be opened, or is of no known kind.</exception>
    public static ITensorSource Open(string path, WeightSection section = WeightSection.Automatic) =>
        Directory.Exists(path) ? TransformersDinov2.Of(ModelFolder.OpenWeights(path)) : FileGuess.Open(path, section);
}
