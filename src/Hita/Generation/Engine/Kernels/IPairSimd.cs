namespace Hita.Generation.Engine.Kernels;

/// <summary>The few integer operations of an instruction set that products of int8 weights are written in.</summary>
/// <typeparam name="TVector">Its vector of 32-bit integers, which also holds pairs of 16-bit ones.</typeparam>
internal unsafe interface IPairSimd<TVector>
    where TVector : struct
{
    /// <summary>32-bit elements of a vector.</summary>
    static abstract int Count { get; }

    /// <summary>The weights of two inputs for one vector of outputs, each pair side by side, as 16-bit integers.</summary>
    /// <param name="at">The 64 weights of two inputs.</param>
    /// <param name="part">Which vector, from 0.</param>
    static abstract TVector Weights(byte* at, int part);

    /// <summary>One pair in all elements.</summary>
    static abstract TVector Broadcast(int* pair);

    /// <summary>The sum of both products of each pair, and c.</summary>
    static abstract TVector MultiplyAdd(TVector a, TVector b, TVector c);

    /// <summary>Adds the sums, times their scales, to what is there.</summary>
    /// <param name="sum">The sums of one vector of outputs.</param>
    /// <param name="scales">The panel's 32 scales of a group.</param>
    /// <param name="part">Which vector, from 0.</param>
    /// <param name="at">The first of them.</param>
    static abstract void AddScaled(TVector sum, byte* scales, int part, float* at);
}
