using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Hita.Generation.Engine.Kernels;

/// <summary>
/// Four elements a vector: 64-bit ARM processors. Every operation is one NEON instruction; written through
/// <see cref="Vector128"/>, it can be tested on other processors too.
/// </summary>
internal readonly unsafe struct NeonSimd : ISimd<Vector128<float>>
{
    public static int Count => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Broadcast(float* value) => Vector128.Create(*value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Load(float* at) => Vector128.Load(at);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector128<float> value, float* at) => value.Store(at);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> MultiplyAdd(Vector128<float> a, Vector128<float> b, Vector128<float> c) =>
        Vector128.FusedMultiplyAdd(a, b, c);
}

internal readonly unsafe partial struct Float32Weights : IPanelWeights<Vector128<float>>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector128<float> IPanelWeights<Vector128<float>>.Part(byte* at, int part) =>
        Vector128.Load((float*)at + (part * 4));
}

internal readonly unsafe partial struct BFloat16Weights : IPanelWeights<Vector128<float>>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector128<float> IPanelWeights<Vector128<float>>.Part(byte* at, int part)
    {
        var words = Vector128.Load((uint*)at + (part % 4 * 4));
        return (part < 4 ? words << 16 : words & Vector128.Create(UpperHalf)).AsSingle();
    }
}

internal readonly unsafe partial struct SmallFloatWeights : IPanelWeights<Vector128<float>>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector128<float> IPanelWeights<Vector128<float>>.Part(byte* at, int part)
    {
        var words = Vector128.Load((int*)at + (part % 4 * 4));
        return ((part < 4 ? (words << 16) >> 3 : words >> 3) & Vector128.Create(SignAndFraction)).AsSingle();
    }
}
