using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Hita.Generation.Engine.Kernels;

/// <summary>Sixteen elements a vector: x86-64 processors with AVX-512.</summary>
internal readonly unsafe struct Avx512Simd : ISimd<Vector512<float>>
{
    public static int Count => 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Broadcast(float* value) => Vector512.Create(*value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(float* at) => Vector512.Load(at);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<float> value, float* at) => value.Store(at);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> MultiplyAdd(Vector512<float> a, Vector512<float> b, Vector512<float> c) =>
        Avx512F.FusedMultiplyAdd(a, b, c);
}

internal readonly unsafe partial struct Float32Weights : IPanelWeights<Vector512<float>>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector512<float> IPanelWeights<Vector512<float>>.Part(byte* at, int part) =>
        Vector512.Load((float*)at + (part * 16));
}

internal readonly unsafe partial struct BFloat16Weights : IPanelWeights<Vector512<float>>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector512<float> IPanelWeights<Vector512<float>>.Part(byte* at, int part)
    {
        var words = Vector512.Load((uint*)at);
        return (part == 0 ? words << 16 : words & Vector512.Create(UpperHalf)).AsSingle();
    }
}

internal readonly unsafe partial struct SmallFloatWeights : IPanelWeights<Vector512<float>>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector512<float> IPanelWeights<Vector512<float>>.Part(byte* at, int part)
    {
        var words = Vector512.Load((int*)at);
        return ((part < 1 ? (words << 16) >> 3 : words >> 3) & Vector512.Create(SignAndFraction)).AsSingle();
    }
}
