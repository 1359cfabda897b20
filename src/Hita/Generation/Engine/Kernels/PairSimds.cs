using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Hita.Generation.Engine.Kernels;

/// <summary>Sixteen elements a vector: x86-64 processors with AVX-512.</summary>
internal readonly unsafe struct Avx512Pairs : IPairSimd<Vector512<int>>
{
    public static int Count => 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Weights(byte* at, int part) =>
        Avx512BW.ConvertToVector512Int16(Vector256.Load((sbyte*)at + (part * 32))).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Broadcast(int* pair) => Vector512.Create(*pair);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> MultiplyAdd(Vector512<int> a, Vector512<int> b, Vector512<int> c) =>
        Avx512BW.MultiplyAddAdjacent(a.AsInt16(), b.AsInt16()) + c;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddScaled(Vector512<int> sum, byte* scales, int part, float* at) => Avx512Simd.MultiplyAdd(
        Avx512F.ConvertToVector512Single(sum), PanelScales.Read<Vector512<float>, BFloat16Weights>(scales, part), Vector512.Load(at)).Store(at);
}

/// <summary>Eight elements a vector: x86-64 processors with AVX2.</summary>
internal readonly unsafe struct Avx2Pairs : IPairSimd<Vector256<int>>
{
    public static int Count => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Weights(byte* at, int part) => Avx2.ConvertToVector256Int16((sbyte*)at + (part * 16)).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Broadcast(int* pair) => Vector256.Create(*pair);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> MultiplyAdd(Vector256<int> a, Vector256<int> b, Vector256<int> c) =>
        Avx2.MultiplyAddAdjacent(a.AsInt16(), b.AsInt16()) + c;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddScaled(Vector256<int> sum, byte* scales, int part, float* at) => Avx2Simd.MultiplyAdd(
        Avx.ConvertToVector256Single(sum), PanelScales.Read<Vector256<float>, BFloat16Weights>(scales, part), Vector256.Load(at)).Store(at);
}

/// <summary>Four elements a vector: NEON, and any other processor with fused 128-bit arithmetic.</summary>
internal readonly unsafe struct NeonPairs : IPairSimd<Vector128<int>>
{
    public static int Count => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Weights(byte* at, int part) =>
        Vector128.WidenLower(Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<long>(at + (part * 8))).AsSByte()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Broadcast(int* pair) => Vector128.Create(*pair);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> MultiplyAdd(Vector128<int> a, Vector128<int> b, Vector128<int> c) => Sse2.IsSupported
        ? Sse2.MultiplyAddAdjacent(a.AsInt16(), b.AsInt16()) + c
        : ((a << 16) >> 16) * ((b << 16) >> 16) + (a >> 16) * (b >> 16) + c;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddScaled(Vector128<int> sum, byte* scales, int part, float* at) => NeonSimd.MultiplyAdd(
        Vector128.ConvertToSingle(sum), PanelScales.Read<Vector128<float>, BFloat16Weights>(scales, part), Vector128.Load(at)).Store(at);
}

/// <summary>As many elements as <see cref="Vector{T}"/> has (4, 8 or 16): any processor.</summary>
internal readonly unsafe struct PortablePairs : IPairSimd<Vector<int>>
{
    public static int Count => Vector<int>.Count;

    // A vector of bytes widens to two of pairs. The widest vectors read past the 64 weights; a packed file ends in enough room for it.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<int> Weights(byte* at, int part)
    {
        var bytes = Vector.Load((sbyte*)at + (part / 2 * Vector<sbyte>.Count));
        return Vector.AsVectorInt32(part % 2 == 0 ? Vector.WidenLower(bytes) : Vector.WidenUpper(bytes));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<int> Broadcast(int* pair) => new(*pair);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<int> MultiplyAdd(Vector<int> a, Vector<int> b, Vector<int> c) =>
        ((a << 16) >> 16) * ((b << 16) >> 16) + (a >> 16) * (b >> 16) + c;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddScaled(Vector<int> sum, byte* scales, int part, float* at) => Vector.Store(
        PortableSimd.MultiplyAdd(Vector.ConvertToSingle(sum), PanelScales.Read<Vector<float>, BFloat16Weights>(scales, part), Vector.Load(at)), at);
}
