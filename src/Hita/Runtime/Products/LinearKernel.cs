namespace Hita.Runtime.Products;

/// <summary>What multiplies in a linear layer.</summary>
internal enum LinearKernel
{
    /// <summary>The tensor library's matrix product.</summary>
    Library,

    /// <summary>The tensor library's convolution with a kernel of one pixel, which comes from another library below it.</summary>
    Convolution,

    /// <summary><see cref="PackedProduct"/>: float32 on processors with AVX2 only.</summary>
    Packed,
}
