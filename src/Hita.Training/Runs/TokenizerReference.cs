using Hita.Checkpoints;
using Hita.Tokenization;

namespace Hita.Training.Runs;

/// <summary>Finds the tokenizer that a recipe names: a model folder, a pipeline's folder, or a run's.</summary>
internal static class TokenizerReference
{
    /// <summary>The model's own folder.</summary>
    /// <exception cref="Runtime.CheckpointException">There is no tokenizer.</exception>
    public static string Find(string path) =>
        RunFolder.IsRun(path) && ModelFolder.IsModel(Path.Combine(path, RunFolder.ModelName))
            ? Path.Combine(path, RunFolder.ModelName)
            : TokenizerFolder.Find(path);
}
