using System.Runtime.CompilerServices;

namespace Hita.Generation.Engine.Kernels;

/// <summary>What becomes of a vector of sums once a group of inputs is through.</summary>
internal static unsafe class Sums
{
    /// <summary>Stores the sums, or adds them times their scales where weights have scales.</summary>
    /// <param name="sum">The sums of one vector of outputs for one row.</param>
    /// <param name="scales">The panel's 32 scales for this group.</param>
    /// <param name="tile">The results, 32 a row.</param>
    /// <param name="row">The row.</param>
    /// <param name="part">Which vector of the 32 outputs.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Finish<TSimd, TVector, TWeights>(TVector sum, byte* scales, float* tile, int row, int part)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TWeights : struct, IPanelWeights<TVector>
    {
        var at = tile + (row * Panel.Width) + (part * TSimd.Count);
        if (TWeights.HasScales)
            sum = TSimd.MultiplyAdd(sum, TWeights.Scales(scales, part), TSimd.Load(at));
        TSimd.Store(sum, at);
    }
}
