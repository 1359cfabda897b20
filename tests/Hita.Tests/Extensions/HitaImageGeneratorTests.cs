using System.Text.Json;
using Hita.Extensions.AI;
using Hita.Generation;
using Hita.Imaging;
using Hita.Models;
using Hita.Runtime;
using Hita.Tests.Editing;
using Hita.Tests.Support;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Hita.Tests.Extensions;

/// <summary>The pipeline behind the standard interface for image generation.</summary>
[Collection(Alone.Name)]
public sealed class HitaImageGeneratorTests(HitaImageGeneratorTests.Opened opened) : IClassFixture<HitaImageGeneratorTests.Opened>
{
    private readonly ImagePipeline _pipeline = opened.Pipeline;
    private readonly ImageHost _host = opened.Host;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private HitaImageGenerator Generator => new(_host, "materials");

    [Fact]
    public async Task Images_are_those_of_the_seed_and_carry_it()
    {
        var options = new ImageGenerationOptions { Count = 2, AdditionalProperties = new() { ["seed"] = 7, ["cfg_scale"] = "1.5" } };
        var response = await Generator.GenerateImagesAsync("marble torus", options, Stop);

        var expected = new List<Image>();
        var number = _pipeline.Generator.Classes.Find("marble torus");
        var sampling = new Hita.Generation.Sampling.SamplingOverrides { Scale = 1.5f }.Over(_pipeline.Generator.Sampling);
        _pipeline.Generate(new GenerationRequest { Classes = [number, number], Seed = 7, Sampling = sampling }, image => expected.Add(image.Image));
        var contents = response.Contents.Cast<DataContent>().ToList();
        Assert.Equal(2, contents.Count);
        for (var i = 0; i < 2; i++)
        {
            EditingModels.AssertSame(expected[i], ImageDecoder.Decode(contents[i].Data.Span, "image"));
            Assert.Equal("image/png", contents[i].MediaType);
            Assert.Equal((7UL, (long)i, "marble torus"), ((ulong)contents[i].AdditionalProperties!["seed"]!, (long)contents[i].AdditionalProperties!["image"]!, contents[i].AdditionalProperties!["class_name"]));
        }
        Assert.True(response.Usage!.OutputTokenCount > 2 * 32);
        using var folder = new TemporaryFolder();
        await File.WriteAllBytesAsync(folder["1.png"], contents[1].Data.ToArray(), Stop);
        Assert.True(ImageReplay.Replay(folder["1.png"], _pipeline).Identical);
    }

    [Fact]
    public async Task Several_classes_take_turns_and_formats_and_sizes_are_obeyed()
    {
        var options = new ImageGenerationOptions { MediaType = "image/webp", ImageSize = new(48, 32) };
        var response = await Generator.GenerateImagesAsync("marble torus, metal sphere", options, Stop);
        Assert.Equal(["marble torus", "metal sphere"], response.Contents.Select(static c => c.AdditionalProperties!["class_name"]));
        Assert.All(response.Contents.Cast<DataContent>(), static c =>
        {
            var image = ImageDecoder.Decode(c.Data.Span, "image");
            Assert.Equal(("image/webp", 48, 32), (c.MediaType, image.Width, image.Height));
        });
    }

    [Fact]
    public async Task A_box_is_filled_and_the_rest_stays()
    {
        var original = await Original();
        var image = ImageDecoder.Decode(original.Data.Span, "image");
        var response = await Generator.EditImageAsync(original, "wood sphere", Options(("box", "16,16,24,24"), ("candidates", 2)), Stop);
        var edited = ImageDecoder.Decode(((DataContent)Assert.Single(response.Contents)).Data.Span, "image");
        var changed = 0;
        for (var y = 0; y < 64; y++)
        {
            for (var x = 0; x < 64; x++)
            {
                var at = ((y * 64) + x) * 3;
                if (image.Pixels.Slice(at, 3).SequenceEqual(edited.Pixels.Slice(at, 3)))
                    continue;
                Assert.True(x is >= 16 and < 40 && y is >= 16 and < 40, $"({x}, {y})");
                changed++;
            }
        }
        Assert.True(changed > 100);
    }

    [Fact]
    public async Task An_image_alone_is_varied_for_the_class()
    {
        var response = await Generator.EditImageAsync(await Original(), "glass torus", new ImageGenerationOptions { Count = 2 }, Stop);
        Assert.Equal(2, response.Contents.Count);
        Assert.NotEqual(((DataContent)response.Contents[0]).Data.ToArray(), ((DataContent)response.Contents[1]).Data.ToArray());
    }

    [Theory]
    [InlineData("no such class", null, null, "no such class")]
    [InlineData("", null, null, "The prompt is empty")]
    [InlineData("marble torus", "cfg-scale", "3", "There is no property 'cfg-scale'")]
    [InlineData("marble torus", "cfg_scale", "1,5", "The property cfg_scale is '1,5'")]
    [InlineData("marble torus", "seed", "-1", "The property seed is '-1'")]
    [InlineData("marble torus", "temperature", "-2", "temperature")]
    [InlineData("marble torus", "box", "1,2,3", "is no box")]
    public async Task What_is_impossible_is_said_in_a_sentence(string prompt, string? name, string? value, string expected)
    {
        var options = name is null ? null : Options((name, value!));
        var fault = await Assert.ThrowsAnyAsync<HitaException>(() => Generator.GenerateImagesAsync(prompt, options, Stop));
        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Foreign_formats_models_and_images_are_refused()
    {
        await Refused(new ImageGenerationOptions { MediaType = "image/gif" }, "image/gif");
        await Refused(new ImageGenerationOptions { ResponseFormat = ImageGenerationResponseFormat.Uri }, "without a server");
        await Refused(new ImageGenerationOptions { ModelId = "dall-e" }, "There is no model 'dall-e'");
        await Refused(new ImageGenerationOptions { Count = 0 }, "0 images");
        var fault = await Assert.ThrowsAnyAsync<HitaException>(() =>
            Generator.GenerateAsync(new ImageGenerationRequest("marble torus", [new UriContent("http://example.org/a.png", "image/png")]), null, Stop));
        Assert.Contains("Nothing is fetched", fault.Message, StringComparison.Ordinal);
        await Assert.ThrowsAnyAsync<HitaException>(() =>
            Generator.GenerateAsync(new ImageGenerationRequest("marble torus", [new DataContent(new byte[] { 1, 2, 3 }, "image/png")]), null, Stop));

        async Task Refused(ImageGenerationOptions options, string expected)
        {
            var refused = await Assert.ThrowsAnyAsync<HitaException>(() => Generator.GenerateImagesAsync("marble torus", options, Stop));
            Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task It_works_inside_a_builder_with_logging_and_telemetry()
    {
        var services = new ServiceCollection();
        services.AddLogging(static logging => logging.SetMinimumLevel(LogLevel.Trace));
        services.AddSingleton<IImageHost>(_host);
        services.AddImageGenerator(provider => new HitaImageGenerator(provider.GetRequiredService<IImageHost>(), "materials")).UseLogging().UseOpenTelemetry();
        // The host is disposed of by the test; a provider would do it too.
        var generator = services.BuildServiceProvider().GetRequiredService<IImageGenerator>();
        Assert.Equal("hita", generator.GetService<ImageGeneratorMetadata>()!.ProviderName);
        Assert.NotNull(generator.GetService<HitaImageGenerator>());
        Assert.Single((await generator.GenerateImagesAsync("marble torus", Options(("seed", JsonSerializer.SerializeToElement(3))), Stop)).Contents);
    }

    [Fact]
    public async Task A_request_larger_than_the_queue_is_served_all_the_same()
    {
        await using var host = new ImageHost(_pipeline, new ImageHostOptions { MaxBatch = 4, MaxQueue = 13 });
        using var generator = new HitaImageGenerator(host);
        Assert.Equal(20, (await generator.GenerateImagesAsync("marble torus", new ImageGenerationOptions { Count = 20 }, Stop)).Contents.Count);
    }

    [Fact]
    public async Task Cancelling_takes_the_images_out()
    {
        using var source = new CancellationTokenSource();
        var running = Generator.GenerateImagesAsync("marble torus", new ImageGenerationOptions { Count = 500 }, source.Token);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.Equal(0, _host.Status.Waiting);
    }

    private static ImageGenerationOptions Options(params (string Name, object Value)[] properties)
    {
        var options = new ImageGenerationOptions { AdditionalProperties = [] };
        foreach (var (name, value) in properties)
            options.AdditionalProperties[name] = value;
        return options;
    }

    private async Task<DataContent> Original() =>
        (DataContent)(await Generator.GenerateImagesAsync("metal sphere", Options(("seed", 9)), Stop)).Contents[0];

    /// <summary>The pipeline and its host, opened once for all of these tests.</summary>
    public sealed class Opened : IAsyncDisposable
    {
        public Opened() => Host = new ImageHost(Pipeline);

        public ImagePipeline Pipeline { get; } = ImagePipeline.Load("materials", withEncoder: true);

        public ImageHost Host { get; }

        public async ValueTask DisposeAsync()
        {
            await Host.DisposeAsync();
            Pipeline.Dispose();
        }
    }
}
