using System.Runtime.InteropServices;
using BenchmarkDotNet.Attributes;
using Hita.Generation.Engine.Kernels;
using Hita.Runtime;

namespace Hita.MicroBenchmarks;

/// <summary>Rows times the panels of one matrix of preset B, 768 × 2048, that fits in the caches: what the arithmetic costs.</summary>
public unsafe class PanelBenchmarks
{
    private const int Inputs = 768;
    private const int Outputs = 2048;

    private KernelSet _kernels = null!;
    private byte* _weights;
    private float* _x;
    private float* _tile;
    private long _panelBytes;

    [Params(Precision.Float32, Precision.BFloat16, Precision.Int8)]
    public Precision Precision { get; set; }

    [Params(1, 2, 8)]
    public int Rows { get; set; }

    [ParamsSource(nameof(Supported))]
    public EngineKernels Kernels { get; set; }

    public static IEnumerable<EngineKernels> Supported =>
        Enum.GetValues<EngineKernels>().Where(static k => k != EngineKernels.Auto && KernelSet.IsSupported(k));

    [GlobalSetup]
    public void Prepare()
    {
        var kind = Precision.ToPanelKind();
        _kernels = KernelSet.For(Kernels, kind);
        _panelBytes = Panel.Bytes(kind, Inputs);
        _weights = (byte*)NativeMemory.AlignedAlloc((nuint)(Panel.Count(Outputs) * _panelBytes), 64);
        _x = (float*)NativeMemory.AlignedAlloc(Inputs * Panel.MaximumRows * sizeof(float), 64);
        _tile = (float*)NativeMemory.AlignedAlloc(Panel.Width * Panel.MaximumRows * sizeof(float), 64);
        // Ordinary numbers in every format: denormal ones would be slow.
        new Span<byte>(_weights, (int)(Panel.Count(Outputs) * _panelBytes)).Fill(0x3c);
        new Span<float>(_x, Inputs * Panel.MaximumRows).Fill(0.5f);
    }

    [Benchmark]
    public void Multiply()
    {
        for (var panel = 0; panel < Panel.Count(Outputs); panel++)
            _kernels.Multiply(_weights + (panel * _panelBytes), Inputs, Rows, _x, _tile);
    }

    [GlobalCleanup]
    public void Free()
    {
        NativeMemory.AlignedFree(_weights);
        NativeMemory.AlignedFree(_x);
        NativeMemory.AlignedFree(_tile);
    }
}
