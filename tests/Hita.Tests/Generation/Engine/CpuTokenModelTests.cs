using Hita.Generation;
using Hita.Generation.Engine;
using Hita.Generation.Engine.Kernels;
using Hita.Generation.Model;
using Hita.Runtime;
using Hita.Tests.Support;

namespace Hita.Tests.Generation.Engine;

[Collection(Alone.Name)]
public sealed class CpuTokenModelTests
{
    [Fact]
    public void A_token_allocates_nothing()
    {
        var config = Decoding.Preset("tiny");
        foreach (var precision in Enum.GetValues<Precision>())
        {
            using var engine = Decoding.Engine(config, precision, threads: 2);
            var logits = new float[3 * config.CodebookSize];
            int[] inputs = [1, 2, 3];
            // What the engine allocates a token it allocates in every image; timers and the compiler of others do so now and then.
            var least = long.MaxValue;
            for (var image = 0; image < 20 && least > 0; image++)
            {
                using var pass = engine.Begin(3, BoundaryMode.Trained);
                var before = GC.GetTotalAllocatedBytes(precise: true);
                for (var position = 0; position < config.SequenceLength; position++)
                    pass.Advance(inputs, logits);
                least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
            }
            Assert.Equal(0, least);
        }
    }

    [Fact]
    public async Task Two_generations_at_once_with_too_many_threads_give_what_each_gives_alone()
    {
        var config = Decoding.Preset("tiny");
        int[][] tokens = [Decoding.Tokens(config, 1), Decoding.Tokens(config, 2)];
        using var engine = Decoding.Engine(config, threads: 2 * Environment.ProcessorCount);
        var expected = tokens.Select(t => Decoding.TeacherForced(engine, [t])).ToArray();
        var tasks = Enumerable.Range(0, 4).Select(i => Task.Run(
            () => Decoding.TeacherForced(engine, [tokens[i % 2]]), TestContext.Current.CancellationToken)).ToArray();
        // A deadlock fails the test instead of stopping it.
        var results = await Task.WhenAll(tasks).WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        for (var i = 0; i < results.Length; i++)
        {
            for (var position = 0; position < results[i].Length; position++)
                Decoding.AssertSame(expected[i % 2][position], results[i][position]);
        }
    }

    [Fact]
    public void A_generation_that_is_given_up_leaves_the_engine_as_it_was()
    {
        var config = Decoding.Preset("tiny");
        var tokens = Decoding.Tokens(config, 1);
        using var engine = Decoding.Engine(config, threads: 2);
        var expected = Decoding.TeacherForced(engine, [tokens]);
        using var stop = new CancellationTokenSource();
        var sampling = new Hita.Generation.Sampling.SamplingOptions();
        var batch = new SamplingBatch([1, 2, 3], 1, 0, config.SequenceLength, sampling, BoundaryMode.Trained);
        Assert.Throws<OperationCanceledException>(() => SamplingLoop.Run(
            engine,
            batch,
            done =>
            {
                if (done == 7)
                    stop.Cancel();
            },
            stop.Token));
        var actual = Decoding.TeacherForced(engine, [tokens]);
        for (var position = 0; position < actual.Length; position++)
            Decoding.AssertSame(expected[position], actual[position]);
    }

    [Fact]
    public void A_disposed_model_starts_nothing_and_ends_its_passes_in_order()
    {
        var config = Decoding.Preset("tiny");
        var engine = Decoding.Engine(config, threads: 2);
        var pass = engine.Begin(1, BoundaryMode.Trained);
        pass.Advance([0], []);
        engine.Dispose();
        Assert.Throws<ObjectDisposedException>(() => engine.Begin(1, BoundaryMode.Trained));
        Assert.Throws<ObjectDisposedException>(() => pass.Advance([0], []));
        pass.Dispose();
        Assert.Throws<ObjectDisposedException>(() => pass.Advance([0], []));
        pass.Dispose();
        engine.Dispose();
    }

    [Fact]
    public void Wrong_arguments_are_refused_before_anything_is_computed()
    {
        var config = Decoding.Preset("tiny");
        using var engine = Decoding.Engine(config);
        Assert.Throws<ArgumentOutOfRangeException>(() => engine.Begin(0, BoundaryMode.Trained));
        using var pass = engine.Begin(2, BoundaryMode.Trained);
        var logits = new float[2 * config.CodebookSize];
        Assert.Throws<ArgumentException>(() => pass.Advance([0], logits));
        Assert.Throws<ArgumentException>(() => pass.Advance([0, 1], logits.AsSpan(1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => pass.Advance([0, config.ClassCount + 1], logits));
        Assert.Throws<ArgumentOutOfRangeException>(() => pass.Advance([-1, 0], logits));
        Assert.Throws<ArgumentOutOfRangeException>(() => pass.KeepRows(3));
        Assert.Equal(0, pass.Position);
        for (var position = 0; position < config.SequenceLength; position++)
            pass.Advance([0, 0], logits);
        Assert.Throws<InvalidOperationException>(() => pass.Advance([0, 0], logits));
    }

    [Fact]
    public void More_sequences_than_memory_holds_are_refused()
    {
        using var engine = Decoding.Engine(Decoding.Preset("tiny") with { HolisticTokenCount = 65536, GridHeight = 1024, GridWidth = 1024 });
        var error = Assert.Throws<HitaException>(() => engine.Begin(int.MaxValue, BoundaryMode.Trained));
        Assert.Contains("2147483647 sequences", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Impossible_settings_are_all_named()
    {
        var options = new EngineOptions { Threads = -1, Precision = (Precision)7, Kernels = (EngineKernels)9 };
        var error = Assert.Throws<ConfigException>(() => CpuTokenModel.Load(Decoding.Preset("tiny"), new GeneratorWeightsByName(), options));
        Assert.Equal(3, error.Faults.Count);
    }
}
