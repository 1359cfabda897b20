using System.ClientModel;
using System.Net.Http.Json;
using System.Text.Json;
using Hita.Generation;
using Hita.Imaging;
using Hita.Models;
using Hita.Tests.Support;
using OpenAI;
using OpenAI.Images;
using OpenAI.Models;
using ClientImage = OpenAI.Images.GeneratedImage;

namespace Hita.Tests.Server;

/// <summary>OpenAI's images API, with the official client and without.</summary>
[Collection(ServerCollection.Name)]
public sealed class OpenAiRouteTests(ServerFixture fixture)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_official_client_generates()
    {
        var server = await fixture.ReadyAsync();
        var client = new ImageClient("small", new ApiKeyCredential("any"), Options(server));
        GeneratedImageCollection images = await client.GenerateImagesAsync("3", 2, new ImageGenerationOptions { EndUserId = "someone" }, Stop);
        Assert.Equal(2, images.Count);
        Assert.All(images, static i => Assert.Equal(64, ImageDecoder.Decode(i.ImageBytes.ToArray(), "image").Width));
        ClientImage single = await client.GenerateImageAsync("3", new ImageGenerationOptions { ResponseFormat = GeneratedImageFormat.Uri, Size = GeneratedImageSize.W256xH256 }, Stop);
        var bytes = await server.Client.GetByteArrayAsync(single.ImageUri, Stop);
        Assert.Equal((256, 256), Size(ImageDecoder.Decode(bytes, "image")));
    }

    [Fact]
    public async Task The_official_client_edits()
    {
        var server = await fixture.ReadyAsync();
        var client = new ImageClient("small", new ApiKeyCredential("any"), Options(server));
        var image = ImageFiles.Noise(64, 64, 1);
        using var file = new MemoryStream(Forms.Png(image));
        using var mask = new MemoryStream(Forms.Png(Forms.LowerHalf(64, 64)));
        ClientImage edited = await client.GenerateImageEditAsync(file, "image.png", "2", mask, "mask.png", new ImageEditOptions(), Stop);
        var result = ImageDecoder.Decode(edited.ImageBytes.ToArray(), "image");
        Assert.True(image.Pixels[..(image.Pixels.Length / 2)].SequenceEqual(result.Pixels[..(image.Pixels.Length / 2)]));
        Assert.False(image.Pixels.SequenceEqual(result.Pixels));
        Assert.Equal("2", edited.RevisedPrompt);
    }

    [Fact]
    public async Task The_official_client_lists_and_reads_errors()
    {
        var server = await fixture.ReadyAsync();
        var models = new OpenAIModelClient(new ApiKeyCredential("any"), Options(server));
        OpenAIModelCollection all = await models.GetModelsAsync(Stop);
        Assert.Equal(["materials", "small"], all.Select(static m => m.Id));
        OpenAIModel one = await models.GetModelAsync("small", Stop);
        Assert.Equal("hita", one.OwnedBy);
        var client = new ImageClient("nothing", new ApiKeyCredential("any"), Options(server));
        var fault = await Assert.ThrowsAsync<ClientResultException>(async () => await client.GenerateImageAsync("3", cancellationToken: Stop));
        Assert.Equal(404, fault.Status);
        Assert.Contains("There is no model 'nothing'; this server has materials, small.", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_image_is_what_the_library_generates_and_carries_its_settings()
    {
        var server = await fixture.ReadyAsync();
        var answer = await GenerateAsync(server, """{"prompt":"marble torus, metal sphere","n":3,"seed":7}""");
        Assert.Equal(7, answer.GetProperty("seed").GetInt64());
        var data = answer.GetProperty("data").EnumerateArray().ToList();
        Assert.Equal(["marble torus", "metal sphere", "marble torus"], data.Select(static d => d.GetProperty("revised_prompt").GetString()));
        var pipeline = server.Catalog.Models[0].Pipeline;
        var expected = new List<Image>();
        pipeline.Generate(
            new GenerationRequest { Classes = [17, 27, 17], Seed = 7, Sampling = pipeline.Generator.Sampling },
            image => expected.Add(image.Image), cancellation: Stop);
        for (var i = 0; i < data.Count; i++)
        {
            var file = data[i].GetProperty("b64_json").GetBytesFromBase64();
            Assert.True(expected[i].Pixels.SequenceEqual(ImageDecoder.Decode(file, "image").Pixels), $"image {i} differs");
            var settings = ImageSettings.Read(file, "image");
            Assert.Equal((7UL, i), (settings.Seed, settings.Image));
        }
    }

    [Fact]
    public async Task Without_a_seed_images_differ_and_say_their_seed()
    {
        var server = await fixture.ReadyAsync();
        var first = await GenerateAsync(server, """{"prompt":"3","model":"small"}""");
        var second = await GenerateAsync(server, """{"prompt":"3","model":"small"}""");
        Assert.NotEqual(first.GetProperty("seed").GetUInt64(), second.GetProperty("seed").GetUInt64());
        var seed = first.GetProperty("data")[0].GetProperty("seed").GetUInt64();
        var again = await GenerateAsync(server, $$"""{"prompt":"3","model":"small","seed":{{seed}}}""");
        Assert.Equal(first.GetProperty("data")[0].GetProperty("b64_json").GetString(), again.GetProperty("data")[0].GetProperty("b64_json").GetString());
    }

    [Theory]
    [InlineData("png", 100, ImageFormat.Png)]
    [InlineData("webp", 60, ImageFormat.Webp)]
    [InlineData("jpeg", 0, ImageFormat.Jpeg)]
    public async Task Formats_and_sizes_are_as_asked_for(string format, int compression, ImageFormat expected)
    {
        var server = await fixture.ReadyAsync();
        var answer = await GenerateAsync(server, $$"""{"prompt":"1","model":"small","size":"96x48","output_format":"{{format}}","output_compression":{{compression}}}""");
        Assert.Equal(("96x48", format), (answer.GetProperty("size").GetString(), answer.GetProperty("output_format").GetString()));
        var file = answer.GetProperty("data")[0].GetProperty("b64_json").GetBytesFromBase64();
        using var folder = new TemporaryFolder();
        await File.WriteAllBytesAsync(folder["image"], file, Stop);
        var info = ImageDecoder.Identify(folder["image"]);
        Assert.Equal((expected, 96, 48), (info.Format, info.Width, info.Height));
    }

    [Fact]
    public async Task A_stream_has_previews_and_ends_with_the_image()
    {
        var server = await fixture.ReadyAsync();
        var plain = await GenerateAsync(server, """{"prompt":"marble torus","seed":3}""");
        var events = await ServerEvents.PostAsync(server.Client, "/v1/images/generations", Forms.Json("""{"prompt":"marble torus","seed":3,"stream":true,"partial_images":2}"""), Stop);
        Assert.Equal("image_generation.completed", events[^1].Type);
        Assert.All(events, static e => Assert.Equal(e.Type, e.Data.GetProperty("type").GetString()));
        var previews = events[..^1];
        Assert.InRange(previews.Count, 1, 2);
        Assert.All(previews, static e => Assert.Equal("image_generation.partial_image", e.Type));
        Assert.Equal(Enumerable.Range(0, previews.Count), previews.Select(static p => p.Data.GetProperty("partial_image_index").GetInt32()));
        Assert.All(previews, static p => Assert.Equal(64, ImageDecoder.Decode(p.Data.GetProperty("b64_json").GetBytesFromBase64(), "preview").Width));
        Assert.Equal(plain.GetProperty("data")[0].GetProperty("b64_json").GetString(), events[^1].Data.GetProperty("b64_json").GetString());
        Assert.True(events[^1].Data.GetProperty("usage").GetProperty("output_tokens").GetInt32() > 0);
    }

    [Fact]
    public async Task Edits_come_several_at_a_time_and_as_a_stream()
    {
        var server = await fixture.ReadyAsync();
        var image = ImageFiles.Noise(64, 64, 2);
        using var answer = await server.Client.PostAsync(
            "/v1/images/edits",
            Forms.Of(("model", "small"), ("image[]", image), ("mask", Forms.LowerHalf(64, 64)), ("prompt", "1"), ("n", "2"), ("seed", "5")), Stop);
        var data = (await answer.Content.ReadFromJsonAsync<JsonElement>(Stop)).GetProperty("data");
        Assert.Equal([5UL, 6UL], data.EnumerateArray().Select(static d => d.GetProperty("seed").GetUInt64()));
        Assert.NotEqual(data[0].GetProperty("b64_json").GetString(), data[1].GetProperty("b64_json").GetString());
        var events = await ServerEvents.PostAsync(
            server.Client, "/v1/images/edits",
            Forms.Of(("model", "small"), ("image", image), ("mask", Forms.LowerHalf(64, 64)), ("prompt", "1"), ("seed", "5"), ("stream", "true")), Stop);
        Assert.Equal("image_edit.completed", Assert.Single(events).Type);
        Assert.Equal(data[0].GetProperty("b64_json").GetString(), events[0].Data.GetProperty("b64_json").GetString());
    }

    private static async Task<JsonElement> GenerateAsync(TestServer server, string json)
    {
        using var answer = await server.Client.PostAsync("/v1/images/generations", Forms.Json(json), Stop);
        var text = await answer.Content.ReadAsStringAsync(Stop);
        Assert.True(answer.IsSuccessStatusCode, text);
        return JsonDocument.Parse(text).RootElement;
    }

    private static OpenAIClientOptions Options(TestServer server) => new() { Endpoint = new Uri(server.Address, "/v1") };

    private static (int, int) Size(Image image) => (image.Width, image.Height);
}
