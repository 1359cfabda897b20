using Hita.Generation;
using Hita.Generation.Engine.Kernels;
using Hita.Generation.Model;
using Hita.Generation.Sampling;
using Hita.Runtime;

namespace Hita.Tests.Generation.Engine;

/// <summary>What an image must not depend on.</summary>
public sealed class DeterminismTests
{
    public static TheoryData<Precision> Precisions { get; } = [.. Enum.GetValues<Precision>()];

    [Theory]
    [MemberData(nameof(Precisions))]
    public void Logits_have_the_same_bits_for_any_rows_and_threads(Precision precision)
    {
        var config = FrameworkParityTests.Odd;
        var tokens = Enumerable.Range(0, 17).Select(row => Decoding.Tokens(config, row)).ToArray();
        using var alone = Decoding.Engine(config, precision);
        var expected = tokens.Select(t => Decoding.TeacherForced(alone, [t])).ToArray();
        foreach (var threads in (int[])[1, 2, 5])
        {
            using var engine = Decoding.Engine(config, precision, threads);
            foreach (var rows in (int[])[1, 4, 17])
            {
                var actual = Decoding.TeacherForced(engine, tokens[..rows]);
                for (var position = 0; position < actual.Length; position++)
                {
                    for (var row = 0; row < rows; row++)
                    {
                        var size = config.CodebookSize;
                        Decoding.AssertSame(expected[row][position], actual[position].AsSpan(row * size, size));
                    }
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Precisions))]
    public void The_same_seed_gives_the_same_tokens_in_any_batch(Precision precision)
    {
        var config = Decoding.Preset("tiny");
        var sampling = SamplingOptions.Same(
            new TokenSampling { Temperature = 0.9f, TopK = 200, TopP = 0.95f },
            new GuidanceOptions { Scale = 3, Schedule = GuidanceSchedule.Interval, IntervalEnd = 20 });
        var classes = Enumerable.Range(0, 17).Select(i => i % 11).ToArray();
        int[]? expected = null;
        foreach (var threads in (int[])[1, 2])
        {
            using var engine = Decoding.Engine(config, precision, threads);
            foreach (var size in (int[])[1, 4, 17])
            {
                var tokens = new List<int>();
                for (var first = 0; first < classes.Length; first += size)
                {
                    var batch = new SamplingBatch(
                        classes[first..Math.Min(first + size, classes.Length)], 42, first, config.SequenceLength, sampling, BoundaryMode.Trained);
                    tokens.AddRange(SamplingLoop.Run(engine, batch, null, TestContext.Current.CancellationToken));
                }
                expected ??= [.. tokens];
                Assert.Equal(expected, tokens);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Precisions))]
    public void Fused_instruction_sets_agree_to_the_bit_and_the_portable_one_nearly(Precision precision)
    {
        var config = FrameworkParityTests.Odd;
        int[][] tokens = [Decoding.Tokens(config, 0), Decoding.Tokens(config, 1), Decoding.Tokens(config, 2)];
        float[][]? expected = null;
        foreach (var kind in (EngineKernels[])[EngineKernels.Neon, EngineKernels.Avx2, EngineKernels.Avx512, EngineKernels.Portable])
        {
            if (!KernelSet.IsSupported(kind))
                continue;
            using var engine = Decoding.Engine(config, precision, threads: 2, kind);
            Assert.Equal(kind, engine.Kernels);
            var actual = Decoding.TeacherForced(engine, tokens);
            expected ??= actual;
            for (var position = 0; position < actual.Length; position++)
            {
                if (kind == EngineKernels.Portable)
                    Assert.InRange(Decoding.RelativeError(actual[position], expected[position]), 0, 1e-5);
                else
                    Decoding.AssertSame(expected[position], actual[position]);
            }
        }
        Assert.NotNull(expected);
    }

    [Theory]
    [MemberData(nameof(Precisions))]
    public void Rows_that_remain_do_not_notice_the_others_leaving(Precision precision)
    {
        var config = Decoding.Preset("tiny");
        var tokens = Enumerable.Range(0, 6).Select(row => Decoding.Tokens(config, row)).ToArray();
        using var engine = Decoding.Engine(config, precision, threads: 2);
        var expected = Decoding.TeacherForced(engine, tokens);
        using var pass = engine.Begin(6, BoundaryMode.Trained);
        for (var position = 0; position < config.SequenceLength; position++)
        {
            if (position is 5 or 20)
                pass.KeepRows(position == 5 ? 3 : 1);
            var logits = new float[pass.Rows * config.CodebookSize];
            pass.Advance([.. tokens.Take(pass.Rows).Select(t => t[position])], logits);
            Decoding.AssertSame(expected[position].AsSpan(0, logits.Length), logits);
        }
    }

    [Fact]
    public void A_step_without_logits_leaves_the_later_ones_as_they_are()
    {
        var config = Decoding.Preset("tiny");
        var tokens = Decoding.Tokens(config, 3);
        using var engine = Decoding.Engine(config, threads: 2);
        var expected = Decoding.TeacherForced(engine, [tokens]);
        using var pass = engine.Begin(1, BoundaryMode.Trained);
        var logits = new float[config.CodebookSize];
        for (var position = 0; position < config.SequenceLength; position++)
        {
            var wanted = position % 5 == 4;
            pass.Advance([tokens[position]], wanted ? logits : []);
            if (wanted)
                Decoding.AssertSame(expected[position], logits);
        }
    }
}
