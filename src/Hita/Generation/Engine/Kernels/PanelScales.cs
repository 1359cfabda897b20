using System.Runtime.CompilerServices;

namespace Hita.Generation.Engine.Kernels;

/// <summary>Scales are kept as the weights of another format.</summary>
internal static unsafe class PanelScales
{
    /// <summary>Reads one vector of scales.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Read<TVector, TFormat>(byte* at, int part)
        where TVector : struct
        where TFormat : struct, IPanelWeights<TVector> => TFormat.Part(at, part);
}
