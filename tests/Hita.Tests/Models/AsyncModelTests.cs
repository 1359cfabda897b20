using Hita.Checkpoints;
using Hita.Editing;
using Hita.Generation;
using Hita.Imaging;
using Hita.Models;
using Hita.Runtime;
using Hita.Tests.Support;
using Hita.Tokenization;

namespace Hita.Tests.Models;

/// <summary>Asynchronous forms, and several threads on one pipeline.</summary>
public sealed class AsyncModelTests
{
    private static readonly string Materials = Path.Combine(TestFiles.Root, "models", "materials");

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(GeneratorEngine.Cpu)]
    [InlineData(GeneratorEngine.Torch)]
    public async Task Loading_reports_and_can_be_stopped(GeneratorEngine engine)
    {
        var options = new GeneratorOptions { Engine = engine };
        var reports = new List<LoadProgress>();
        using (var pipeline = await ImagePipeline.LoadAsync(Materials, options, withEncoder: true, progress: new DirectProgress<LoadProgress>(reports.Add), cancellation: Stop))
            Assert.True(pipeline.Tokenizer.CanEncode);
        // Both parts, each from its beginning to its end.
        var totals = reports.Select(static r => r.TotalBytes).Distinct().ToList();
        Assert.Equal(2, totals.Count);
        Assert.All(totals, total =>
        {
            var done = reports.Where(r => r.TotalBytes == total).Select(static r => r.DoneBytes).ToList();
            Assert.Equal(done.Order(), done);
            Assert.Equal(total, done[^1]);
        });

        foreach (var part in totals)
        {
            using var source = CancellationTokenSource.CreateLinkedTokenSource(Stop);
            var stopping = new DirectProgress<LoadProgress>(p =>
            {
                if (p.TotalBytes == part)
                    source.Cancel();
            });
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ImagePipeline.LoadAsync(Materials, options, withEncoder: true, progress: stopping, cancellation: source.Token));
        }
    }

    [Fact]
    public async Task Encoding_and_decoding_give_the_same_and_stop_between_batches()
    {
        using var tokenizer = await ImageTokenizer.LoadAsync(Materials, cancellation: Stop);
        var images = Photos(5);
        var done = new List<int>();

        var codes = await tokenizer.EncodeAsync(images, batchSize: 2, new DirectProgress<int>(done.Add), Stop);

        Assert.Equal([2, 4, 5], done);
        Assert.Equal(tokenizer.Encode(images).Select(static c => c.Patches), codes.Select(static c => c.Patches));
        Assert.Equal(tokenizer.Decode(codes).Select(static i => i.Pixels.ToArray()), (await tokenizer.DecodeAsync(codes, cancellation: Stop)).Select(static i => i.Pixels.ToArray()));
        Assert.Equal(tokenizer.Reconstruct(images[0]).Image.Pixels.ToArray(), (await tokenizer.ReconstructAsync(images[0], Stop)).Image.Pixels.ToArray());
        using var source = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        done.Clear();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => tokenizer.EncodeAsync(images, batchSize: 1, new DirectProgress<int>(d => { done.Add(d); source.Cancel(); }), source.Token));
        Assert.Equal([1], done);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => tokenizer.DecodeAsync(codes, cancellation: source.Token));
    }

    [Fact]
    public async Task Threads_that_share_a_pipeline_get_what_each_gets_alone()
    {
        using var pipeline = ImagePipeline.Load(Materials, withEncoder: true);
        var photos = Photos(2);
        Func<byte[]>[] work =
        [
            () => Generated(7),
            () => Generated(8),
            () => pipeline.Tokenizer.Reconstruct(photos[0]).Image.Pixels.ToArray(),
            () => new StyleTransfer(pipeline.Tokenizer).Apply(photos[0], photos[1], cancellation: Stop).Pixels.ToArray(),
            () => new Inpainter(pipeline).Fill(photos[1], ImageMask.LowerHalf(64, 64), new InpaintOptions { Candidates = 1, Passes = 1 }, cancellation: Stop).Image.Pixels.ToArray(),
        ];
        var alone = work.Select(static w => w()).ToList();
        // All at once, and each on a thread of its own.
        using var start = new Barrier(work.Length);
        var together = await Task.WhenAll(work.Select(w => Task.Factory.StartNew(
            () =>
            {
                start.SignalAndWait(Stop);
                return w();
            },
            Stop, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        Assert.Equal(alone, together);

        byte[] Generated(ulong seed)
        {
            var bytes = new List<byte>();
            pipeline.Generate(new GenerationRequest { Classes = [3, 20], Seed = seed, Sampling = pipeline.Generator.Sampling }, image => bytes.AddRange(image.Image.Pixels.ToArray()), cancellation: Stop);
            return [.. bytes];
        }
    }

    [Fact]
    public async Task A_hosted_image_streams_its_previews_and_itself()
    {
        using var pipeline = ImagePipeline.Load(Materials);
        await using var host = new ImageHost(pipeline, new ImageHostOptions { MaxPreviewShare = 1 });
        var request = new HostedImageRequest { Class = 3, Seed = 7, Sampling = pipeline.Generator.Sampling, Previews = 4 };
        var stages = new List<HostedImageStage>();

        await foreach (var stage in host.StreamAsync(request, Stop))
            stages.Add(stage);

        Assert.Equal((await host.GenerateAsync(request, null, Stop)).Image.Pixels.ToArray(), stages[^1].Image.Pixels.ToArray());
        Assert.NotNull(stages[^1].Result);
        Assert.Equal(stages[^1].TotalTokens, stages[^1].Tokens);
        Assert.True(stages.Count > 1);
        Assert.All(stages.SkipLast(1), static s => Assert.True(s.Result is null && s.Tokens < s.TotalTokens));

        await foreach (var stage in host.StreamAsync(request, Stop))
            break;
        await host.DrainAsync(Stop);
        Assert.Equal(0, host.Status.Running);
    }

    [Fact]
    public async Task A_hosted_image_that_fails_fails_its_stream()
    {
        using var pipeline = ImagePipeline.Load(Materials);
        await using var host = new ImageHost(pipeline);
        await Assert.ThrowsAsync<ConfigException>(async () =>
        {
            await foreach (var stage in host.StreamAsync(new HostedImageRequest { Class = 999 }, Stop))
                Assert.Fail("there is no such class");
        });
    }

    private static List<Image> Photos(int count) => [.. Enumerable.Range(0, count).Select(static n =>
    {
        var pixels = new byte[64 * 64 * Image.Channels];
        for (var i = 0; i < pixels.Length; i++)
            pixels[i] = (byte)((i * (n + 3) / 7) + (i / 192 * n));
        return new Image(64, 64, pixels);
    })];
}
