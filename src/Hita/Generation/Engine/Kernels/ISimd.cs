namespace Hita.Generation.Engine.Kernels;

/// <summary>The few operations of an instruction set that the kernels are written in.</summary>
/// <typeparam name="TVector">Its vector of float32.</typeparam>
internal unsafe interface ISimd<TVector>
    where TVector : struct
{
    /// <summary>Elements of a vector.</summary>
    static abstract int Count { get; }

    /// <summary>All elements equal to one number.</summary>
    static abstract TVector Broadcast(float* value);

    static abstract TVector Load(float* at);

    static abstract void Store(TVector value, float* at);

    /// <summary>a · b + c.</summary>
    static abstract TVector MultiplyAdd(TVector a, TVector b, TVector c);
}

/// <summary>How a panel's weights lie in memory.</summary>
internal interface IPanelFormat
{
    /// <summary>Bytes of the 32 weights of one input.</summary>
    static abstract int StepBytes { get; }
}

/// <summary>Reading the weights of one input into vectors.</summary>
/// <typeparam name="TVector">A vector of float32.</typeparam>
internal unsafe interface IPanelWeights<TVector> : IPanelFormat
    where TVector : struct
{
    /// <summary>One vector of the 32 weights.</summary>
    /// <param name="at">The weights of an input.</param>
    /// <param name="part">Which vector, from 0.</param>
    static abstract TVector Part(byte* at, int part);
}

/// <summary>Float32 weights in the order of the outputs.</summary>
internal readonly partial struct Float32Weights : IPanelFormat
{
    public const int BytesPerInput = 4 * Panel.Width;

    public static int StepBytes => BytesPerInput;
}

/// <summary>
/// Bfloat16 weights in sixteen words: word j holds output j in its lower and output j + 16 in its upper half, so that a shift
/// and a mask make vectors of consecutive outputs of any width.
/// </summary>
internal readonly partial struct BFloat16Weights : IPanelFormat
{
    public const int BytesPerInput = 2 * Panel.Width;

    private const uint UpperHalf = 0xFFFF0000;

    public static int StepBytes => BytesPerInput;
}

/// <summary>Small floats in sixteen words, arranged as bfloat16 weights are, read without their factor.</summary>
internal readonly partial struct SmallFloatWeights : IPanelFormat
{
    // Clears what the sign was copied over, and what the word's other number left below the fraction.
    private const int SignAndFraction = unchecked((int)0x8FFFE000);

    public static int StepBytes => BFloat16Weights.BytesPerInput;
}
