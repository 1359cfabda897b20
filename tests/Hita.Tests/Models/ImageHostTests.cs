using System.Collections.Concurrent;
using Hita.Checkpoints;
using Hita.Editing;
using Hita.Generation;
using Hita.Generation.Sampling;
using Hita.Imaging;
using Hita.Models;
using Hita.Runtime;
using Hita.Tests.Editing;
using Hita.Tests.Generation.Engine;
using Hita.Tests.Support;
using TorchSharp;

namespace Hita.Tests.Models;

/// <summary>Many callers, one sampling loop.</summary>
[Collection(Alone.Name)]
public sealed class ImageHostTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("tiny")]
    [InlineData("tiny-llamagen")]
    public async Task An_image_is_the_same_alone_and_among_thirty_that_come_and_go(string preset)
    {
        using var pipeline = EditingModels.Pipeline(preset);
        var requests = Enumerable.Range(0, 30).Select(Request).ToArray();
        var expected = requests.Select(r => Single(pipeline, r)).ToArray();
        await using var host = new ImageHost(pipeline, new ImageHostOptions { MaxBatch = 7, MaxQueue = 100 });
        var random = new Random(3);
        var others = new List<(CancellationTokenSource Source, Task Task)>();
        var images = new Task<GeneratedImage>[requests.Length];
        for (var i = 0; i < requests.Length; i++)
        {
            images[i] = host.GenerateAsync(requests[i] with { Previews = i % 3 }, new Told(), Stop);
            if (i % 2 == 0)
            {
                var source = new CancellationTokenSource();
                others.Add((source, host.GenerateAsync(Request(100 + i), null, source.Token)));
            }
            await Task.Delay(random.Next(4), Stop);
            if (random.Next(2) == 0 && others.Count > 0)
                await others[random.Next(others.Count)].Source.CancelAsync();
        }
        foreach (var (source, task) in others)
        {
            await source.CancelAsync();
            await task.ContinueWith(static _ => { }, Stop, TaskContinuationOptions.None, TaskScheduler.Default);
            Assert.True(task.IsCompletedSuccessfully || task.IsCanceled);
            source.Dispose();
        }
        for (var i = 0; i < images.Length; i++)
        {
            var image = await images[i];
            Assert.Equal(expected[i].Codes.Patches, image.Codes.Patches);
            Assert.Equal(expected[i].Codes.Holistic, image.Codes.Holistic);
            EditingModels.AssertSame(expected[i].Image, image.Image);
            Assert.Equal((requests[i].Class, 0), (image.Class, image.Index));
        }
        var status = host.Status;
        Assert.Equal((0, 0, 0, 0), (status.Running, status.Rows, status.Waiting, status.Decoding));
        Assert.Equal(images.Length + others.Count, status.Done + status.Cancelled);
        Assert.Equal(0, status.Failed);
    }

    [Fact]
    public async Task Known_codes_are_kept_and_scored_as_without_a_host()
    {
        using var pipeline = EditingModels.Pipeline();
        var config = pipeline.Generator.Config;
        var known = new PartialCodes([.. Enumerable.Range(0, config.HolisticTokenCount)], [.. Enumerable.Range(0, config.PatchTokenCount).Select(static i => i % 3 == 0 ? PartialCodes.Unknown : i)]);
        var request = Request(1) with { Known = known };
        var unseen = config.UnseenPatchesOf(pipeline.Tokenizer.Config);
        var expected = pipeline.Generator.Complete(request.ToGenerationRequest() with { UnseenPatches = unseen }, [known], score: true)[0];
        await using var host = new ImageHost(pipeline);
        var (image, codes) = (host.GenerateAsync(request, null, Stop), host.CompleteAsync(request, score: true, null, Stop));
        Assert.Equal(expected.Codes.Patches, (await codes).Codes.Patches);
        Assert.Equal(expected.LogLikelihood, (await codes).LogLikelihood);
        Assert.Equal(expected.ScoredCount, (await codes).ScoredCount);
        Assert.Equal(expected.Codes.Patches, (await image).Codes.Patches);
        var whole = await host.CompleteAsync(request with { Known = new PartialCodes(expected.Codes.Holistic, expected.Codes.Patches) }, cancellation: Stop);
        Assert.Equal(expected.Codes.Patches, whole.Codes.Patches);
    }

    [Fact]
    public async Task A_cancelled_image_takes_no_further_token_than_the_one_under_way()
    {
        using var model = Gated();
        using var pipeline = Pipeline(model);
        await using var host = new ImageHost(pipeline, new ImageHostOptions { MaxBatch = 2 });
        using var source = new CancellationTokenSource();
        var given = host.GenerateAsync(Plain(1), null, source.Token);
        var kept = host.GenerateAsync(Plain(2), null, Stop);
        // Both have joined by then, whichever came first.
        model.Let(21);
        await Until(() => model.Taken.Values.Sum() == 21);
        await source.CancelAsync();
        var before = model.Taken[1];
        model.Open();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => given);
        EditingModels.AssertSame(Single(pipeline, Plain(2)).Image, (await kept).Image);
        // The loop may stand before the cancelled image's part of a step that has begun.
        Assert.InRange(model.Taken[1], before, before + 1);
        Assert.Equal((1, 1, 0), (host.Status.Done, host.Status.Cancelled, host.Status.Failed));
    }

    [Fact]
    public async Task The_queue_is_bounded_and_an_image_that_waits_can_be_cancelled()
    {
        using var model = Gated();
        using var pipeline = Pipeline(model);
        await using var host = new ImageHost(pipeline, new ImageHostOptions { MaxBatch = 1, MaxQueue = 2 });
        using var source = new CancellationTokenSource();
        var first = host.GenerateAsync(Plain(1), null, Stop);
        var second = host.GenerateAsync(Plain(2), null, source.Token);
        var third = host.GenerateAsync(Plain(3), null, Stop);
        var busy = await Assert.ThrowsAsync<HostBusyException>(() => host.GenerateAsync(Plain(4), null, Stop));
        Assert.InRange(busy.RetryAfter, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10));
        Assert.Contains("try again in", busy.Message, StringComparison.Ordinal);
        // Nothing moves, and yet it ends and leaves a place.
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        var fourth = host.GenerateAsync(Plain(4), null, Stop);
        model.Open();
        await Task.WhenAll(first, third, fourth);
        Assert.False(model.Taken.ContainsKey(2));
        Assert.Equal(3, host.Status.Done);
    }

    [Fact]
    public async Task A_failure_hurts_no_other_image()
    {
        using var model = Gated();
        model.SickClass = 5;
        using var pipeline = Pipeline(model);
        await using var host = new ImageHost(pipeline);
        var good = host.GenerateAsync(Plain(1), null, Stop);
        var sick = host.GenerateAsync(Plain(5), null, Stop);
        var angry = host.GenerateAsync(Plain(2), new Told(_ => throw new InvalidDataException("no more")), Stop);
        await Assert.ThrowsAsync<ConfigException>(() => host.GenerateAsync(Plain(100_000), null, Stop));
        await Assert.ThrowsAsync<ConfigException>(() => host.GenerateAsync(Plain(1) with { Sampling = new SamplingOptions { Guidance = new GuidanceOptions { Scale = float.NaN } } }, null, Stop));
        await Assert.ThrowsAsync<ConfigException>(() => host.GenerateAsync(Plain(1) with { Known = new PartialCodes([], [7]) }, null, Stop));
        await Assert.ThrowsAsync<ConfigException>(() => host.GenerateAsync(Plain(1) with { Previews = -1 }, null, Stop));
        model.Open();
        Assert.Contains("not a number", (await Assert.ThrowsAsync<HitaException>(() => sick)).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<InvalidDataException>(() => angry);
        EditingModels.AssertSame(Single(pipeline, Plain(1)).Image, (await good).Image);

        // Even where the engine fails as a whole, the host goes on.
        model.Fault = new InvalidOperationException("the machine coughed");
        await Assert.ThrowsAsync<InvalidOperationException>(() => host.GenerateAsync(Plain(3), null, Stop));
        EditingModels.AssertSame(Single(pipeline, Plain(3)).Image, (await host.GenerateAsync(Plain(3), null, Stop)).Image);
    }

    [Fact]
    public async Task Progress_counts_up_and_previews_begin_with_the_patch_codes()
    {
        using var pipeline = EditingModels.Pipeline();
        await using var host = new ImageHost(pipeline, new ImageHostOptions { MaxPreviewShare = 1 });
        await host.WarmUpAsync(Stop);
        Assert.Equal(0, host.Status.Done);
        var told = new Told();
        var image = await host.GenerateAsync(Request(2) with { Previews = 1 }, told, Stop);
        var reports = told.Reports.ToArray();
        var total = pipeline.Generator.Config.SequenceLength - pipeline.Generator.Config.UnseenPatchesOf(pipeline.Tokenizer.Config);
        Assert.All(reports, r => Assert.Equal(total, r.TotalTokens));
        var plain = reports.Where(static r => r.Preview is null).Select(static r => r.Tokens).ToArray();
        Assert.Equal(plain.Order().Distinct(), plain);
        Assert.Equal(total, plain[^1]);
        Assert.All(reports.Where(static r => r.Preview is not null), r =>
        {
            Assert.Equal(pipeline.Generator.Config.HolisticTokenCount, r.Tokens);
            Assert.Equal((pipeline.Width, pipeline.Height), (r.Preview!.Width, r.Preview.Height));
        });
        Assert.Equal(1, host.Status.PreviewsDone + host.Status.PreviewsLeftOut);
        Assert.NotNull(image.Image);
    }

    [Fact]
    public async Task Draining_finishes_what_there_is_and_takes_nothing_new()
    {
        using var model = Gated();
        using var pipeline = Pipeline(model);
        await using var host = new ImageHost(pipeline, new ImageHostOptions { MaxBatch = 1 });
        var images = Enumerable.Range(1, 3).Select(i => host.GenerateAsync(Plain(i), null, Stop)).ToArray();
        var drained = host.DrainAsync(Stop);
        await Assert.ThrowsAsync<HostStoppedException>(() => host.GenerateAsync(Plain(4), null, Stop));
        Assert.False(drained.IsCompleted);
        using (var impatient = new CancellationTokenSource(1))
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => host.DrainAsync(impatient.Token));
        model.Open();
        await drained;
        Assert.All(await Task.WhenAll(images), static i => Assert.NotNull(i.Image));
        await host.DrainAsync(Stop);
    }

    [Fact]
    public async Task Disposing_ends_what_runs_and_what_waits()
    {
        using var model = Gated();
        using var pipeline = Pipeline(model);
        var host = new ImageHost(pipeline, new ImageHostOptions { MaxBatch = 2 });
        var images = Enumerable.Range(1, 5).Select(i => host.GenerateAsync(Plain(i), null, Stop)).ToArray();
        model.Let(5);
        var disposal = host.DisposeAsync();
        model.Open();
        await disposal;
        await host.DisposeAsync();
        foreach (var image in images)
            await Assert.ThrowsAsync<HostStoppedException>(() => image);
        await Assert.ThrowsAsync<HostStoppedException>(() => host.GenerateAsync(Plain(1), null, Stop));
        Assert.Equal(5, host.Status.Cancelled);
    }

    [Theory]
    [InlineData(GeneratorEngine.Cpu)]
    [InlineData(GeneratorEngine.Torch)]
    public async Task No_tensor_is_left_behind(GeneratorEngine engine)
    {
        using var pipeline = EditingModels.Pipeline("tiny", engine);
        _ = Single(pipeline, Request(0));
        var before = LivingTensors.Settled();
        await using (var host = new ImageHost(pipeline, new ImageHostOptions { MaxBatch = 4, MaxPreviewShare = 1 }))
        {
            using var source = new CancellationTokenSource();
            var images = Enumerable.Range(0, 12).Select(i => host.GenerateAsync(Request(i) with { Previews = 2 }, new Told(), i % 3 == 0 ? source.Token : Stop)).ToArray();
            await images[1];
            await source.CancelAsync();
            foreach (var image in images)
                await image.ContinueWith(static _ => { }, Stop, TaskContinuationOptions.None, TaskScheduler.Default);
            _ = host.GenerateAsync(Request(20), null, Stop).ContinueWith(static t => t.Exception, Stop, TaskContinuationOptions.None, TaskScheduler.Default);
        }
        Assert.Equal(before, torch.Tensor.TotalCount);
    }

    [Fact]
    public async Task Edits_share_the_loop_and_stay_what_they_are()
    {
        using var pipeline = EditingModels.Pipeline();
        await using var host = new ImageHost(pipeline);
        var photo = EditingModels.Photo(pipeline.Width, pipeline.Height);
        var mask = ImageMask.Box(photo.Width, photo.Height, new PixelBox(pipeline.Width / 4, pipeline.Height / 4, pipeline.Width / 2, pipeline.Height / 2));
        var options = new InpaintOptions { Candidates = 3, Sampling = new EditSamplingOptions { Class = 4, Seed = 3 } };
        var shared = new HostedCodeSampler(host);
        var beside = host.GenerateAsync(Request(1), null, Stop);
        var counts = new List<EditProgress>();
        var filled = await Task.Run(() => new Inpainter(pipeline, shared).Fill(photo, mask, options, new Listed(counts), Stop), Stop);
        EditingModels.AssertSame(new Inpainter(pipeline).Fill(photo, mask, options, cancellation: Stop).Image, filled.Image);
        Assert.Equal(counts[^1].Total, counts[^1].Done);
        var varied = await Task.Run(() => new Variations(pipeline, shared).Generate(photo, VariationKeep.Patches, 2, options.Sampling, cancellation: Stop), Stop);
        var expected = new Variations(pipeline).Generate(photo, VariationKeep.Patches, 2, options.Sampling, cancellation: Stop);
        Assert.Equal(expected.Select(static v => v.LogLikelihood), varied.Select(static v => v.LogLikelihood));
        Assert.NotNull(await beside);
        Assert.Equal(0, host.Status.Failed);

        await host.DrainAsync(Stop);
        await Assert.ThrowsAsync<HostStoppedException>(() => Task.Run(() => new Inpainter(pipeline, shared).Fill(photo, mask, options, cancellation: Stop), Stop));
    }

    [Fact]
    [Trait("Category", "Slow")]
    public async Task The_bundled_pipeline_s_images_are_the_same_in_company()
    {
        using var pipeline = ImagePipeline.Load(BundledModels.Materials);
        var requests = Enumerable.Range(0, 12).Select(i => new HostedImageRequest { Class = 3 * i, Seed = 5, Image = i, Sampling = pipeline.Generator.Sampling, Previews = 2 }).ToArray();
        await using var host = new ImageHost(pipeline, new ImageHostOptions { MaxBatch = 5 });
        await host.WarmUpAsync(Stop);
        var images = await Task.WhenAll(requests.Select(r => host.GenerateAsync(r, new Told(), Stop)));
        for (var i = 0; i < images.Length; i++)
            EditingModels.AssertSame(Single(pipeline, requests[i]).Image, images[i].Image);
    }

    [Fact]
    public async Task Images_are_given_one_by_one_until_no_more_are_asked_for()
    {
        using var pipeline = EditingModels.Pipeline();
        var request = new GenerationRequest { Classes = [1, 2, 3, 4, 5], BatchSize = 2 };
        var expected = new List<GeneratedImage>();
        pipeline.Generate(request, expected.Add);
        var given = new List<GeneratedImage>();
        await foreach (var image in pipeline.GenerateAsync(request, cancellation: Stop))
            given.Add(image);
        Assert.Equal([0, 1, 2, 3, 4], given.Select(static g => g.Index));
        for (var i = 0; i < given.Count; i++)
            EditingModels.AssertSame(expected[i].Image, given[i].Image);

        // Ends at once, with 4,999 left.
        await foreach (var image in pipeline.GenerateAsync(request with { Classes = [.. Enumerable.Repeat(1, 5000)] }, cancellation: Stop))
        {
            EditingModels.AssertSame(expected[0].Image, image.Image);
            break;
        }
        await Assert.ThrowsAsync<ConfigException>(async () =>
        {
            await foreach (var image in pipeline.GenerateAsync(request with { Classes = [999_999] }, cancellation: Stop))
                Assert.Fail($"image {image.Index} came");
        });
    }

    [Fact]
    public void Impossible_settings_are_refused()
    {
        using var pipeline = EditingModels.Pipeline();
        var error = Assert.Throws<ConfigException>(() => new ImageHost(pipeline, new ImageHostOptions { MaxBatch = 0, MaxQueue = -1, MaxPreviewShare = 0 }));
        Assert.Equal(3, error.Faults.Count);
    }

    private static GatedModel Gated() => new(Decoding.Engine(Decoding.Preset("tiny")));

    private static ImagePipeline Pipeline(GatedModel model) =>
        new(new ImageGenerator(model, new string('0', 32), ClassNames.Default(model.Config.ClassCount)), EditingModels.Tokenizer());

    private static HostedImageRequest Plain(int number) => new() { Class = number };

    private static HostedImageRequest Request(int i) => new()
    {
        Class = i % 10,
        Seed = (ulong)(i / 5),
        Image = i,
        Sampling = new SamplingOptions
        {
            Patches = new TokenSampling { Temperature = 0.7f + (i % 3 * 0.3f), TopK = i % 2 * 40 },
            Guidance = new GuidanceOptions { Scale = 1 + (i % 4) },
        },
    };

    private static GeneratedImage Single(ImagePipeline pipeline, HostedImageRequest request)
    {
        GeneratedImage? result = null;
        pipeline.Generate(request.ToGenerationRequest(), image => result = image);
        return result!;
    }

    private static async Task Until(Func<bool> condition)
    {
        for (var i = 0; !condition(); i++)
        {
            Assert.True(i < 6000, "it does not come about");
            await Task.Delay(10, Stop);
        }
    }

    private sealed class Listed(List<EditProgress> reports) : IProgress<EditProgress>
    {
        public void Report(EditProgress value) => reports.Add(value);
    }

    private sealed class Told(Action<HostedImageProgress>? also = null) : IProgress<HostedImageProgress>
    {
        public ConcurrentQueue<HostedImageProgress> Reports { get; } = [];

        public void Report(HostedImageProgress value)
        {
            Reports.Enqueue(value);
            also?.Invoke(value);
        }
    }
}
