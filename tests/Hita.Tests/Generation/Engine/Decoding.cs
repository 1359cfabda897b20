using Hita.Generation.Engine;
using Hita.Generation.Engine.Kernels;
using Hita.Generation.Model;
using Hita.Runtime;

namespace Hita.Tests.Generation.Engine;

/// <summary>What the engine's tests share.</summary>
internal static class Decoding
{
    public static GeneratorConfig Preset(string name)
    {
        Assert.True(GeneratorPresets.TryGet(name, out var config));
        return config;
    }

    public static CpuTokenModel Engine(
        GeneratorConfig config, Precision precision = Precision.Float32, int threads = 1,
        EngineKernels kernels = EngineKernels.Auto) =>
        CpuTokenModel.Load(
            config, new GeneratorWeightsByName(),
            new EngineOptions { Precision = precision, Threads = threads, Kernels = kernels, UseCache = false });

    /// <summary>Tokens that are as good as any.</summary>
    public static int[] Tokens(GeneratorConfig config, int row)
    {
        var random = new Random(100 + row);
        return [row % (config.ClassCount + 1), .. Enumerable.Range(1, config.SequenceLength).Select(_ => random.Next(config.CodebookSize))];
    }

    /// <summary>The logits of given tokens at every position up to a last one, for each row: [position][row · V].</summary>
    public static float[][] TeacherForced(
        ITokenModel model, int[][] tokens, BoundaryMode boundary = BoundaryMode.Trained, int positions = int.MaxValue)
    {
        using var pass = model.Begin(tokens.Length, boundary);
        var result = new float[Math.Min(positions, model.Config.SequenceLength)][];
        for (var position = 0; position < result.Length; position++)
        {
            result[position] = new float[tokens.Length * model.Config.CodebookSize];
            pass.Advance([.. tokens.Select(t => t[position])], result[position]);
        }
        return result;
    }

    /// <summary>Every bit; the test framework's own comparison of long arrays takes its time.</summary>
    public static void AssertSame(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual) =>
        Assert.True(expected.SequenceEqual(actual), $"{actual.Length} values differ, from element {expected.CommonPrefixLength(actual)} on");

    /// <summary>‖a − b‖ / ‖b‖.</summary>
    public static double RelativeError(ReadOnlySpan<float> actual, ReadOnlySpan<float> expected)
    {
        Assert.Equal(expected.Length, actual.Length);
        double difference = 0, size = 0;
        for (var i = 0; i < actual.Length; i++)
        {
            difference += Math.Pow(actual[i] - (double)expected[i], 2);
            size += Math.Pow(expected[i], 2);
        }
        return Math.Sqrt(difference / size);
    }
}
