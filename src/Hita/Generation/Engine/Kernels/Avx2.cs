using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Hita.Generation.Engine.Kernels;

/// <summary>Eight elements a vector: x86-64 processors with AVX2 and FMA.</summary>
internal readonly unsafe struct Avx2Simd : ISimd<Vector256<float>>
{
    public static int Count => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Broadcast(float* value) => Vector256.Create(*value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(float* at) => Vector256.Load(at);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<float> value, float* at) => value.Store(at);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> MultiplyAdd(Vector256<float> a, Vector256<float> b, Vector256<float> c) =>
        Fma.MultiplyAdd(a, b, c);
}

internal readonly unsafe partial struct Float32Weights : IPanelWeights<Vector256<float>>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<float> IPanelWeights<Vector256<float>>.Part(byte* at, int part) =>
        Vector256.Load((float*)at + (part * 8));
}

internal readonly unsafe partial struct BFloat16Weights : IPanelWeights<Vector256<float>>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<float> IPanelWeights<Vector256<float>>.Part(byte* at, int part)
    {
        var words = Vector256.Load((uint*)at + (part % 2 * 8));
        return (part < 2 ? words << 16 : words & Vector256.Create(UpperHalf)).AsSingle();
    }
}

internal readonly unsafe partial struct SmallFloatWeights : IPanelWeights<Vector256<float>>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<float> IPanelWeights<Vector256<float>>.Part(byte* at, int part)
    {
        var words = Vector256.Load((int*)at + (part % 2 * 8));
        return ((part < 2 ? (words << 16) >> 3 : words >> 3) & Vector256.Create(SignAndFraction)).AsSingle();
    }
}
