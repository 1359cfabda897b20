using Hita.Checkpoints;
using Hita.Runtime;

namespace Hita.Extensions.Hosting;

/// <summary>Which pipeline a program loads, and how it runs. Can be bound to a configuration section.</summary>
public sealed class HitaPipelineOptions
{
    /// <summary>
    /// The pipeline: a folder with <c>tokenizer/</c> and <c>generator/</c>, a training run's folder, a preset's name, or the name of a
    /// bundled pipeline. Default <c>orchard</c>, which the package Hita.Models.Orchard brings.
    /// </summary>
    public string Pipeline { get; set; } = BundledModels.Default;

    /// <summary>The tokenizer where it is not part of the pipeline's folder; null for the pipeline's own. Default null.</summary>
    public string? Tokenizer { get; set; }

    /// <summary>The type of the generator's weights. Default float32.</summary>
    public Precision Precision { get; set; }

    /// <summary>The type of the decoder's weights: float32 or bfloat16. Default float32.</summary>
    public Precision DecoderPrecision { get; set; }

    /// <summary>Where it computes: <c>cpu</c>, <c>cuda</c> or <c>cuda:N</c>. Default <c>cpu</c>.</summary>
    public string Device { get; set; } = "cpu";

    /// <summary>Threads of the sampling; 0 for one a processor. Default 0.</summary>
    public int Threads { get; set; }

    /// <summary>
    /// Whether the encoder is loaded too, as edits need it; generating does not. Where its weights are not on the machine, the
    /// pipeline generates all the same, and edits are refused with the way to get them. Default true.
    /// </summary>
    public bool Editing { get; set; } = true;

    /// <summary>Images that are sampled together, 1 to 1024; the images do not depend on it. Default 16.</summary>
    public int MaxBatch { get; set; } = 16;

    /// <summary>Images that may wait, 0 to 1,000,000; more are refused. Default 256.</summary>
    public int MaxQueue { get; set; } = 256;
}
