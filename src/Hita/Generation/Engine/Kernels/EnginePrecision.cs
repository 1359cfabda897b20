namespace Hita.Generation.Engine.Kernels;

/// <summary>How the engine keeps its matrices. Activations, sums and logits are float32 in each.</summary>
public enum EnginePrecision
{
    /// <summary>Four bytes a weight: the framework's results to rounding.</summary>
    Float32,

    /// <summary>Two bytes a weight: the upper half of a float32. Embeddings, keys and values are kept as half-precision numbers.</summary>
    BFloat16,

    /// <summary>One byte a weight, and a bfloat16 scale for each 64 inputs of an output. The rest is kept as in bfloat16.</summary>
    Int8,
}
