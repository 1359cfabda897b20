using static TorchSharp.torch;

namespace Hita.Training;

/// <summary>Images that a tokenizer learns from.</summary>
/// <param name="Pixels">
/// float32 [B, 3, H, W] in [-1, 1] on the CPU. It stays the caller's: a trainer reads it during the step only, never changes it and
/// never frees it.
/// </param>
/// <param name="Labels">Their classes, B of them, for whoever wants them; the tokenizer's training does not look at them.</param>
public sealed record TokenizerBatch(Tensor Pixels, IReadOnlyList<int> Labels);
