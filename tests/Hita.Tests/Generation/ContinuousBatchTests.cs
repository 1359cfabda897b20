using Hita.Generation;
using Hita.Generation.Model;
using Hita.Generation.Sampling;
using Hita.Runtime;
using Hita.Tests.Generation.Engine;

namespace Hita.Tests.Generation;

/// <summary>Images that join and leave a batch at any step.</summary>
public sealed class ContinuousBatchTests
{
    public static TheoryData<string, GeneratorEngine, Precision> Generators => new()
    {
        { "tiny", GeneratorEngine.Cpu, Precision.Float32 },
        { "tiny", GeneratorEngine.Cpu, Precision.BFloat16 },
        { "tiny", GeneratorEngine.Cpu, Precision.Int8 },
        { "tiny-llamagen", GeneratorEngine.Cpu, Precision.Float32 },
        { "tiny", GeneratorEngine.Torch, Precision.Float32 },
    };

    [Theory]
    [MemberData(nameof(Generators))]
    public void An_image_is_the_one_that_it_is_alone(string preset, GeneratorEngine engine, Precision precision)
    {
        using var generator = ByName(preset, engine, precision);
        var images = Enumerable.Range(0, 24).Select(i => Mixed(generator.Config, i)).ToArray();
        var random = new Random(1);
        using var batch = new ContinuousBatch(generator.Tokens, 9);
        var sequences = images.Select(i => i.Sequence(generator.Config)).ToArray();
        var next = 0;
        while (next < sequences.Length || batch.Count > 0)
        {
            while (next < sequences.Length && batch.Count < batch.MaxCount && random.Next(4) > 0)
                batch.Add(sequences[next++]);
            // Some are given up on the way; those that remain do not notice.
            if (next > 0 && random.Next(8) == 0)
                batch.Remove(sequences[random.Next(next)]);
            batch.Step();
        }
        Assert.Contains(sequences, static s => s.IsComplete);
        Assert.Contains(sequences, static s => !s.IsComplete);
        for (var i = 0; i < images.Length; i++)
        {
            Assert.Null(sequences[i].Fault);
            if (!sequences[i].IsComplete)
                continue;
            var expected = images[i].Expected(generator);
            var actual = sequences[i].ToCodes();
            Assert.Equal(expected.Codes.Holistic, actual.Codes.Holistic);
            Assert.Equal(expected.Codes.Patches, actual.Codes.Patches);
            Assert.Equal(expected.ScoredCount, actual.ScoredCount);
            // The framework's last bits depend on the size of a batch, in which a guided image is two rows.
            Assert.Equal(expected.LogLikelihood, actual.LogLikelihood, engine == GeneratorEngine.Torch ? 1e-4 : 0);
        }
    }

    [Fact]
    public void Rows_leave_when_guidance_ends_and_when_an_image_does()
    {
        using var generator = ByName("tiny", GeneratorEngine.Cpu, Precision.Float32);
        using var batch = new ContinuousBatch(generator.Tokens, 2);
        var plain = new SampledSequence(generator.Config, Request(3));
        var guided = new SampledSequence(generator.Config, Request(4) with
        {
            Sampling = new SamplingOptions { Guidance = new GuidanceOptions { Scale = 3, Schedule = GuidanceSchedule.Interval, IntervalEnd = 3 } },
        });
        batch.Add(plain);
        batch.Step();
        Assert.Equal(1, batch.RowCount);
        batch.Add(guided);
        Assert.Throws<InvalidOperationException>(() => batch.Add(new SampledSequence(generator.Config, Request(5))));
        for (var token = 0; token < 5; token++)
        {
            batch.Step();
            Assert.Equal(3, batch.RowCount);
        }
        batch.Step();
        Assert.Equal(2, batch.RowCount);
        while (!plain.IsComplete)
            batch.Step();
        Assert.Equal((1, 1), (batch.Count, batch.RowCount));
        Assert.True(batch.Remove(guided));
        Assert.False(batch.Remove(guided));
        Assert.Equal(0, batch.RowCount);
        Assert.Equal(7 + (generator.Config.SequenceLength - 7), plain.Done);
    }

    private static ImageGenerator ByName(string preset, GeneratorEngine engine, Precision precision) =>
        ImageGenerator.CreateByName(Decoding.Preset(preset), options: new GeneratorOptions { Engine = engine, Threads = 2, Precision = precision });

    private static GenerationRequest Request(int number) => new() { Classes = [number], Seed = 7 };

    /// <summary>Requests of which no two are alike.</summary>
    private static MixedImage Mixed(GeneratorConfig config, int i)
    {
        var tokens = (i % 4) switch
        {
            0 => new TokenSampling(),
            1 => new TokenSampling { Temperature = 0.8f, TopK = 50 },
            2 => TokenSampling.Greedy,
            _ => new TokenSampling { Temperature = 1.3f, TopP = 0.9f, MinP = 0.01f },
        };
        var guidance = (i % 5) switch
        {
            0 => new GuidanceOptions(),
            1 => new GuidanceOptions { Scale = 2.5f },
            2 => new GuidanceOptions { Scale = 4, Schedule = GuidanceSchedule.Interval, IntervalEnd = i % 17 },
            3 => new GuidanceOptions { Scale = 3, Schedule = GuidanceSchedule.Linear },
            _ => new GuidanceOptions { Scale = 1.5f, Schedule = GuidanceSchedule.Cosine },
        };
        var random = new Random(i);
        int[] Known(int count, double share) => [.. Enumerable.Range(0, count).Select(_ => random.NextDouble() < share ? random.Next(config.CodebookSize) : PartialCodes.Unknown)];
        var known = i % 3 == 0 ? new PartialCodes(Known(config.HolisticTokenCount, i % 2), Known(config.PatchTokenCount, 0.5)) : null;
        return new MixedImage(
            new GenerationRequest
            {
                Classes = [i % (config.ClassCount + 1)],
                Seed = (ulong)(i / 7),
                FirstImage = i * 3L,
                Sampling = new SamplingOptions { Holistic = tokens, Patches = tokens with { TopK = 100 }, Guidance = guidance },
                Boundary = i % 6 == 1 ? BoundaryMode.Published : BoundaryMode.Trained,
                UnseenPatches = i % 4,
                BatchSize = 1,
            },
            known, known is not null && i % 2 == 1);
    }

    private sealed record MixedImage(GenerationRequest Request, PartialCodes? Known, bool Score)
    {
        public SampledSequence Sequence(GeneratorConfig config) => new(config, Request, Known, Score);

        public CompletedCodes Expected(ImageGenerator generator) => Known is null
            ? new CompletedCodes(generator.Generate(Request)[0], 0, 0)
            : generator.Complete(Request, [Known], Score)[0];
    }
}
