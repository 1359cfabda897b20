using Hita.Layers;
using Hita.Runtime;
using Hita.Runtime.Products;
using static TorchSharp.torch;

namespace Hita.Bench;

/// <summary>How fast the machine is.</summary>
/// <param name="Bandwidth">Bytes a second that are read from memory.</param>
/// <param name="EngineRate">Operations a second of the engine's matrix product.</param>
/// <param name="ProductRate">Operations a second of the framework's matrix product.</param>
/// <param name="ConvolutionRate">Operations a second of the framework's convolution.</param>
internal sealed record MachineSpeed(double Bandwidth, double EngineRate, double ProductRate, double ConvolutionRate)
{
    /// <summary>The highest rate: what arithmetic could be done at.</summary>
    public double BestRate => Math.Max(ConvolutionRate, Math.Max(EngineRate, ProductRate));
}

/// <summary>What the machine can do: the floors of everything else.</summary>
internal static class MachineBenchmark
{
    public static void Run(BenchRun run)
    {
        run.Stage("Reading memory and multiplying matrices");
        var speed = run.Machine;
        run.Add(Line("memory read from end to end", "engine", speed.Bandwidth / 1e9, "GB/s"));
        run.Add(Line("float32 matrix product, 64 rows", "engine", speed.EngineRate / 1e9, "GFLOP/s"));
        run.Add(Line("float32 matrix product, 1024 rows", "framework", speed.ProductRate / 1e9, "GFLOP/s"));
        run.Add(Line("3×3 convolution, 128 channels", "framework", speed.ConvolutionRate / 1e9, "GFLOP/s"));
        foreach (var (type, name) in (ReadOnlySpan<(ScalarType, string)>)[(ScalarType.Float32, "float32"), (ScalarType.BFloat16, "bf16")])
        {
            foreach (var (kernel, rate) in LinearMeasurement.Rates(LinearChoice.Possible(type), type))
                run.Add(Line($"{name} linear layer, {LinearMeasurement.Rows} rows, {LinearMeasurement.Width} wide", LinearChoice.Name(kernel), rate / 1e9, "GFLOP/s a thread"));
        }
    }

    /// <summary>Measures.</summary>
    public static MachineSpeed Measure(BenchRun run)
    {
        using var probe = new MachineProbe(run.Threads);
        var bandwidths = new List<double>();
        var rates = new List<double>();
        run.Median(() =>
        {
            bandwidths.Add(probe.ReadBandwidth());
            rates.Add(probe.MatrixRate());
        });
        return new MachineSpeed(Middle(bandwidths), Middle(rates), ProductRate(run), ConvolutionRate(run));
    }

    private static double ProductRate(BenchRun run)
    {
        const int Side = 1024;
        using var inference = inference_mode();
        using var scope = NewDisposeScope();
        var (a, b) = (ones(Side, Side), ones(Side, Side));
        var seconds = run.Median(() =>
        {
            using var inner = NewDisposeScope();
            a.mm(b);
        });
        return 2.0 * Side * Side * Side / seconds;
    }

    private static double ConvolutionRate(BenchRun run)
    {
        const int Channels = 128, Pixels = 168;
        using var inference = inference_mode();
        using var scope = NewDisposeScope();
        using var convolution = new Conv2d(Channels, Channels, 3, Placement.Cpu, padding: 1);
        foreach (var parameter in convolution.parameters())
            parameter.fill_(TensorOps.Constant(0.01));
        var image = ones(1, Channels, Pixels, Pixels).ToChannelsLast();
        using var memory = MemoryReuse.Begin();
        var seconds = run.Median(() =>
        {
            using var inner = NewDisposeScope();
            convolution.call(image);
        });
        return 2.0 * 9 * Channels * Channels * Pixels * Pixels / seconds;
    }

    private static BenchLine Line(string what, string with, double value, string unit) =>
        new() { Part = BenchPart.Machine, What = what, With = with, Value = value, Unit = unit };

    private static double Middle(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
