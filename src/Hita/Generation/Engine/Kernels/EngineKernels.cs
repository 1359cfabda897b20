namespace Hita.Generation.Engine.Kernels;

/// <summary>The instruction sets that the engine has kernels for.</summary>
public enum EngineKernels
{
    /// <summary>The widest that the processor runs well.</summary>
    Auto,

    /// <summary>Plain .NET vectors: any processor.</summary>
    Portable,

    /// <summary>ARM's NEON, and any other processor with fused 128-bit arithmetic.</summary>
    Neon,

    /// <summary>x86-64 with AVX2 and FMA.</summary>
    Avx2,

    /// <summary>x86-64 with AVX-512.</summary>
    Avx512,
}
