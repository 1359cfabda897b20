using Hita.Checkpoints;
using Hita.Generation;
using Hita.Generation.Model;
using Hita.Generation.Sampling;
using Hita.Layers;
using Hita.Runtime;
using Hita.Tests.Generation.Engine;

namespace Hita.Tests.Generation;

/// <summary>Positions whose inputs are known go together, and nothing else changes by it.</summary>
public sealed class KnownPositionsTests
{
    public static TheoryData<Precision> Precisions { get; } = [.. Enum.GetValues<Precision>()];

    [Theory]
    [MemberData(nameof(Precisions))]
    public void The_engine_gives_the_bits_of_one_by_one(Precision precision)
    {
        var config = FrameworkParityTests.Odd;
        using var engine = Decoding.Engine(config, precision, threads: 2);
        var tokens = Enumerable.Range(0, 5).Select(row => Decoding.Tokens(config, row)).ToArray();
        var expected = Decoding.TeacherForced(engine, tokens);
        var random = new Random(3);
        using var pass = engine.Begin(tokens.Length, BoundaryMode.Trained);
        while (pass.Position < config.SequenceLength)
        {
            if (pass.Position > config.SequenceLength / 2)
                pass.KeepRows(3);
            // More than fit into a step, too.
            var positions = Math.Min(random.Next(1, 10), config.SequenceLength - pass.Position);
            AssertSame(expected, tokens, pass, positions, random.Next(positions + 1));
        }
    }

    [Fact]
    public void The_framework_gives_what_one_by_one_gives()
    {
        var config = Decoding.Preset("tiny");
        using var model = new TorchTokenModel(new GeneratorModel(config, Placement.Cpu));
        model.Model.FillByName();
        var tokens = Enumerable.Range(0, 2).Select(row => Decoding.Tokens(config, row)).ToArray();
        var expected = Decoding.TeacherForced(model, tokens);
        using var pass = model.Begin(tokens.Length, BoundaryMode.Trained);
        AssertSame(expected, tokens, pass, 4, 0);
        AssertSame(expected, tokens, pass, 5, 2);
        AssertSame(expected, tokens, pass, 1, 1);
    }

    [Fact]
    public void Impossible_arguments_are_refused()
    {
        var config = Decoding.Preset("tiny");
        using var engine = Decoding.Engine(config);
        using var pass = engine.Begin(2, BoundaryMode.Trained);
        var room = new float[4 * config.CodebookSize];
        Assert.Throws<ArgumentException>(() => pass.AdvanceKnown([], 0, []));
        Assert.Throws<ArgumentException>(() => pass.AdvanceKnown([1, 1, 1], 0, []));
        Assert.Throws<ArgumentException>(() => pass.AdvanceKnown([1, 1], 0, room));
        Assert.Throws<ArgumentException>(() => pass.AdvanceKnown([1, 1], 1, room));
        Assert.Throws<ArgumentException>(() => pass.AdvanceKnown([1, 1], 1, room.AsSpan(1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => pass.AdvanceKnown([1, 1], 2, room));
        Assert.Throws<ArgumentOutOfRangeException>(() => pass.AdvanceKnown([1, config.CodebookSize, 1, 1], 0, []));
        Assert.Equal(0, pass.Position);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Known_codes_take_few_steps_and_change_nothing(bool score)
    {
        var config = Decoding.Preset("tiny");
        using var engine = Decoding.Engine(config, threads: 2);
        var sampling = SamplingOptions.Same(new TokenSampling { Temperature = 0.9f }, new GuidanceOptions { Scale = 2, Schedule = GuidanceSchedule.Interval, IntervalEnd = 20 });
        // The first third, and then a few here and there, as beside a mask.
        var known = Enumerable.Range(0, config.SequenceLength)
            .Select(i => i < config.SequenceLength / 3 || i % 7 > 3 ? Decoding.Tokens(config, 2)[i + 1] : PartialCodes.Unknown).ToArray();
        int[] all = [.. known, .. known];
        var slow = Sample(new OneByOne(engine));
        var fast = Sample(engine);
        Assert.Equal(slow.Tokens, fast.Tokens);
        Assert.Equal(slow.Scores, fast.Scores);
        Assert.InRange(fast.Steps, 1, config.SequenceLength * 2 / 3);

        (int[] Tokens, double[]? Scores, int Steps) Sample(ITokenModel model)
        {
            var steps = 0;
            var scores = score ? new double[all.Length] : null;
            var batch = new SamplingBatch([1, 4], 5, 0, config.SequenceLength, sampling, BoundaryMode.Trained, new ForcedTokens(all, scores, config.SequenceLength / 3));
            return (SamplingLoop.Run(model, batch, _ => steps++, TestContext.Current.CancellationToken), scores, steps);
        }
    }

    [Fact]
    public void A_batch_takes_known_codes_of_one_image_beside_another()
    {
        var config = Decoding.Preset("tiny");
        using var engine = Decoding.Engine(config, threads: 2);
        var codes = Decoding.Tokens(config, 2)[1..];
        var known = new PartialCodes(codes[..config.HolisticTokenCount], [.. Enumerable.Repeat(PartialCodes.Unknown, config.PatchTokenCount)]);
        var edited = new SampledSequence(config, new GenerationRequest { Classes = [3], Sampling = new SamplingOptions { Guidance = new GuidanceOptions { Scale = 2 } } }, known, score: true);
        var fresh = new SampledSequence(config, new GenerationRequest { Classes = [1] });
        using var batch = new ContinuousBatch(engine, 2);
        batch.Add(fresh);
        batch.Step();
        batch.Add(edited);
        batch.Step();
        // 32 rows: one for the fresh image, 15 of each kind for the edited one.
        Assert.Equal((2, Math.Min(15, config.HolisticTokenCount + 1)), (fresh.Done, edited.Done));
        while (batch.Count > 0)
            batch.Step();
        Assert.Null(edited.Fault);
        Assert.Equal(known.Holistic, edited.ToCodes().Codes.Holistic);
    }

    private static void AssertSame(float[][] expected, int[][] tokens, IDecodingPass pass, int positions, int logitPositions)
    {
        var (rows, from) = (pass.Rows, pass.Position);
        var size = expected[0].Length / tokens.Length;
        var logits = new float[rows * logitPositions * size];
        pass.AdvanceKnown([.. Enumerable.Range(0, rows).SelectMany(row => tokens[row].Skip(from).Take(positions))], logitPositions, logits);
        Assert.Equal(from + positions, pass.Position);
        for (var i = 0; i < rows * logitPositions; i++)
        {
            var (row, place) = Math.DivRem(i, logitPositions);
            Decoding.AssertSame(expected[from + positions - logitPositions + place].AsSpan(row * size, size), logits.AsSpan(i * size, size));
        }
    }

    /// <summary>Has no faster way for known positions.</summary>
    private sealed class OneByOne(ITokenModel inner) : ITokenModel
    {
        public GeneratorConfig Config => inner.Config;

        public IDecodingPass Begin(int rows, BoundaryMode boundary) => new Pass(inner.Begin(rows, boundary));

        public void Dispose() => inner.Dispose();

        private sealed class Pass(IDecodingPass pass) : IDecodingPass
        {
            public int Rows => pass.Rows;

            public int Position => pass.Position;

            public void Advance(ReadOnlySpan<int> inputs, Span<float> logits) => pass.Advance(inputs, logits);

            public void KeepRows(int rows) => pass.KeepRows(rows);

            public void Dispose() => pass.Dispose();
        }
    }
}
