using Hita.Generation;
using Hita.Runtime;

namespace Hita.Server.Settings;

/// <summary>A pipeline that the server loads at its start.</summary>
/// <param name="Id">The name by which requests ask for it. Requests never name a folder.</param>
/// <param name="Generator">The generator's part: a folder or a preset.</param>
/// <param name="Tokenizer">The tokenizer's part: a folder or a preset; may be the same text.</param>
public sealed record ServedPipeline(string Id, string Generator, string Tokenizer)
{
    /// <summary>The type of the generator's weights. Default float32.</summary>
    public Precision Precision { get; init; }

    /// <summary>The type of the tokenizer's weights: float32 or bfloat16. Default float32.</summary>
    public Precision Decoding { get; init; }

    /// <summary>What computes the generator's steps. Default: the CPU engine on the CPU, the tensor library elsewhere.</summary>
    public GeneratorEngine Engine { get; init; }

    /// <summary>A pipeline under the last part of its folder's name.</summary>
    /// <param name="folder">A pipeline's folder, a generator's training run or a preset.</param>
    public static ServedPipeline Of(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        var name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
        return new ServedPipeline(name.Length == 0 ? "model" : PrintableText.Escape(name), folder, folder);
    }
}
