using System.Numerics;
using System.Runtime.CompilerServices;

namespace Hita.Generation.Engine.Kernels;

/// <summary>As many elements as <see cref="Vector{T}"/> has (4, 8 or 16): any processor.</summary>
internal readonly unsafe struct PortableSimd : ISimd<Vector<float>>
{
    public static int Count => Vector<float>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> Broadcast(float* value) => new(*value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> Load(float* at) => Vector.Load(at);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector<float> value, float* at) => value.Store(at);

    // Fused only where that is an instruction: a fused operation in software would be a hundred times slower.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> MultiplyAdd(Vector<float> a, Vector<float> b, Vector<float> c) =>
        Vector.MultiplyAddEstimate(a, b, c);
}

internal readonly unsafe partial struct Float32Weights : IPanelWeights<Vector<float>>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector<float> IPanelWeights<Vector<float>>.Part(byte* at, int part) =>
        Vector.Load((float*)at + (part * Vector<float>.Count));
}

internal readonly unsafe partial struct BFloat16Weights : IPanelWeights<Vector<float>>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector<float> IPanelWeights<Vector<float>>.Part(byte* at, int part)
    {
        var half = Panel.Width / 2 / Vector<float>.Count;
        var words = Vector.Load((uint*)at + (part % half * Vector<uint>.Count));
        return Vector.AsVectorSingle(part < half ? words << 16 : words & new Vector<uint>(UpperHalf));
    }
}

internal readonly unsafe partial struct SmallFloatWeights : IPanelWeights<Vector<float>>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector<float> IPanelWeights<Vector<float>>.Part(byte* at, int part)
    {
        var half = Panel.Width / 2 / Vector<float>.Count;
        var words = Vector.Load((int*)at + (part % half * Vector<int>.Count));
        return Vector.AsVectorSingle((part < half ? (words << 16) >> 3 : words >> 3) & new Vector<int>(SignAndFraction));
    }
}
