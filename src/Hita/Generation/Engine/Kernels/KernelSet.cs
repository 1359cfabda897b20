using System.Numerics;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using Hita.Runtime;

namespace Hita.Generation.Engine.Kernels;

/// <summary>The kernels of one instruction set for one kind of panels, chosen at run time.</summary>
internal sealed unsafe class KernelSet
{
    private readonly delegate*<byte*, int, float*, float*, void> _one;
    private readonly delegate*<byte*, int, float*, float*, void> _two;
    private readonly delegate*<byte*, int, float*, float*, void> _four;
    private readonly delegate*<byte*, int, float*, float*, void> _eight;
    private readonly delegate*<byte*, byte*, int, float*, float*, void> _pair;
    private readonly delegate*<byte*, byte*, int, float*, float*, void> _pairOfTwo;

    private KernelSet(
        EngineKernels kind,
        delegate*<byte*, int, float*, float*, void> one,
        delegate*<byte*, int, float*, float*, void> two,
        delegate*<byte*, int, float*, float*, void> four,
        delegate*<byte*, int, float*, float*, void> eight,
        delegate*<byte*, byte*, int, float*, float*, void> pair,
        delegate*<byte*, byte*, int, float*, float*, void> pairOfTwo)
    {
        Kind = kind;
        _one = one;
        _two = two;
        _four = four;
        _eight = eight;
        _pair = pair;
        _pairOfTwo = pairOfTwo;
    }

    /// <summary>The instruction set; never <see cref="EngineKernels.Auto"/>.</summary>
    public EngineKernels Kind { get; }

    /// <summary>Whether this processor runs the kernels of an instruction set.</summary>
    public static bool IsSupported(EngineKernels kind) => kind switch
    {
        EngineKernels.Avx512 => Avx512F.IsSupported && Avx512BW.IsSupported,
        EngineKernels.Avx2 => Avx2.IsSupported && Fma.IsSupported,
        EngineKernels.Neon => AdvSimd.IsSupported || Fma.IsSupported,
        _ => true,
    };

    /// <summary>The kernels for panels of a kind.</summary>
    /// <exception cref="HitaException">The processor lacks the instruction set.</exception>
    public static KernelSet For(EngineKernels kind, PanelKind panels)
    {
        if (!IsSupported(kind))
            throw new HitaException($"This processor does not run the {kind} kernels; choose auto or portable.");
        if (kind == EngineKernels.Auto)
            kind = Best();
        return panels switch
        {
            PanelKind.Full => For<Float32Weights>(kind),
            PanelKind.Brain => For<BFloat16Weights>(kind),
            PanelKind.Small => For<SmallFloatWeights>(kind),
            _ => ForBytes(kind),
        };
    }

    /// <summary>Multiplies a panel with a block of rows.</summary>
    /// <param name="panel">The packed weights.</param>
    /// <param name="inputs">Inputs of the matrix.</param>
    /// <param name="rows">1, 2, 4 or 8.</param>
    /// <param name="x">The block's activations: for every input the rows side by side; for int8 panels the words of <see cref="RowQuantizer"/>.</param>
    /// <param name="tile">Receives 32 outputs a row; for int8 panels without the rows' scales.</param>
    public void Multiply(byte* panel, int inputs, int rows, float* x, float* tile)
    {
        switch (rows)
        {
            case 1:
                _one(panel, inputs, x, tile);
                break;
            case 2:
                _two(panel, inputs, x, tile);
                break;
            case 4:
                _four(panel, inputs, x, tile);
                break;
            default:
                _eight(panel, inputs, x, tile);
                break;
        }
    }

    /// <summary>Multiplies two panels with one or two rows.</summary>
    /// <param name="a">The first panel.</param>
    /// <param name="b">The second panel.</param>
    /// <param name="inputs">Inputs of both.</param>
    /// <param name="rows">1 or 2.</param>
    /// <param name="x">The block's activations: for every input the rows side by side.</param>
    /// <param name="tile">Receives the first panel's 32 outputs a row, then the second's, as two single products give them.</param>
    public void MultiplyPair(byte* a, byte* b, int inputs, int rows, float* x, float* tile)
    {
        if (rows == 1)
            _pair(a, b, inputs, x, tile);
        else
            _pairOfTwo(a, b, inputs, x, tile);
    }

    // A processor that runs AVX-512 only at a lower clock reports no acceleration of 512-bit vectors.
    private static EngineKernels Best() =>
        IsSupported(EngineKernels.Avx512) && Vector512.IsHardwareAccelerated ? EngineKernels.Avx512
        : IsSupported(EngineKernels.Avx2) ? EngineKernels.Avx2
        : IsSupported(EngineKernels.Neon) ? EngineKernels.Neon
        : EngineKernels.Portable;

    private static KernelSet For<TWeights>(EngineKernels kind)
        where TWeights : struct, IPanelWeights<Vector512<float>>, IPanelWeights<Vector256<float>>,
            IPanelWeights<Vector128<float>>, IPanelWeights<Vector<float>> => kind switch
            {
                EngineKernels.Avx512 => For<Avx512Simd, Vector512<float>, TWeights>(kind),
                EngineKernels.Avx2 => For<Avx2Simd, Vector256<float>, TWeights>(kind),
                EngineKernels.Neon => For<NeonSimd, Vector128<float>, TWeights>(kind),
                _ => For<PortableSimd, Vector<float>, TWeights>(kind),
            };

    private static KernelSet ForBytes(EngineKernels kind) => kind switch
    {
        EngineKernels.Avx512 => ForBytes<Avx512Pairs, Vector512<int>>(kind),
        EngineKernels.Avx2 => ForBytes<Avx2Pairs, Vector256<int>>(kind),
        EngineKernels.Neon => ForBytes<NeonPairs, Vector128<int>>(kind),
        _ => ForBytes<PortablePairs, Vector<int>>(kind),
    };

    private static KernelSet ForBytes<TSimd, TVector>(EngineKernels kind)
        where TSimd : struct, IPairSimd<TVector>
        where TVector : struct => new(
            kind,
            &PairProduct<TSimd, TVector>.OneRow,
            &PairProduct<TSimd, TVector>.TwoRows,
            &PairProduct<TSimd, TVector>.FourRows,
            &PairProduct<TSimd, TVector>.EightRows,
            &PairPanels<TSimd, TVector>.OneRow,
            &PairPanels<TSimd, TVector>.TwoRows);

    private static KernelSet For<TSimd, TVector, TWeights>(EngineKernels kind)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TWeights : struct, IPanelWeights<TVector> => new(
            kind,
            &PanelProduct<TSimd, TVector, TWeights>.OneRow,
            &PanelProduct<TSimd, TVector, TWeights>.TwoRows,
            &PanelProduct<TSimd, TVector, TWeights>.FourRows,
            &PanelProduct<TSimd, TVector, TWeights>.EightRows,
            &PanelPair<TSimd, TVector, TWeights>.OneRow,
            &PanelPair<TSimd, TVector, TWeights>.TwoRows);
}
