using System.Runtime.CompilerServices;

namespace Hita.Generation.Engine.Kernels;

/// <summary>What becomes of a vector of sums once the inputs are through.</summary>
internal static unsafe class Sums
{
    /// <summary>Stores the sums.</summary>
    /// <param name="sum">The sums of one vector of outputs for one row.</param>
    /// <param name="tile">The results, 32 a row.</param>
    /// <param name="row">The row.</param>
    /// <param name="part">Which vector of the 32 outputs.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<TSimd, TVector>(TVector sum, float* tile, int row, int part)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct => TSimd.Store(sum, tile + (row * Panel.Width) + (part * TSimd.Count));
}
