using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Hita.Editing;
using Hita.Imaging;
using Hita.Models;
using Hita.Tests.Editing;
using Hita.Tests.Support;

namespace Hita.Tests.Server;

/// <summary>The server's own API: every task, its job, its events and its results.</summary>
[Collection(ServerCollection.Name)]
public sealed class NativeRouteTests(ServerFixture fixture)
{
    private static readonly Image Photo = ImageFiles.Quarters(100, 80);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Generate_has_the_fields_of_the_command_line()
    {
        var server = await fixture.ReadyAsync();
        var job = await server.RunAsync("generate", Forms.Json(
            """{"class":[17,"metal sphere"],"count":2,"seed":9,"first_image":3,"cfg_scale":2,"cfg_interval":40,"temperature":0.9,"top_k":50,"top_p":0.95,"holistic_top_k":20,"boundary":"published"}"""));
        var results = job.GetProperty("results").EnumerateArray().ToList();
        Assert.Equal([17, 17, 27, 27], results.Select(static r => r.GetProperty("facts").GetProperty("class").GetInt32()));
        Assert.Equal([3, 4, 5, 6], results.Select(static r => r.GetProperty("facts").GetProperty("image").GetInt32()));
        var file = await server.Client.GetByteArrayAsync(results[3].GetProperty("url").GetString(), Stop);
        var settings = ImageSettings.Read(file, "image");
        Assert.Equal((2f, 40, 0.9f, 50, 20), (settings.Sampling.Guidance.Scale, settings.Sampling.Guidance.IntervalEnd, settings.Sampling.Patches.Temperature, settings.Sampling.Patches.TopK, settings.Sampling.Holistic.TopK));
        var pipeline = server.Catalog.Models[0].Pipeline;
        Image? expected = null;
        pipeline.Generate(settings.ToRequest(), image => expected = image.Image, cancellation: Stop);
        EditingModels.AssertSame(expected!, ImageDecoder.Decode(file, "image"));
        Assert.Equal(job.GetProperty("total").GetInt64(), job.GetProperty("done").GetInt64());
        var again = await server.RunAsync("replay", Forms.Of(("image", file)));
        Assert.True(again.GetProperty("results")[0].GetProperty("facts").GetProperty("identical").GetBoolean());
    }

    [Fact]
    public async Task Results_come_in_every_format_and_size()
    {
        var server = await fixture.ReadyAsync();
        var job = await server.RunAsync("generate", Forms.Json("""{"class":1,"model":"small"}"""));
        var url = job.GetProperty("results")[0].GetProperty("url").GetString();
        using var answer = await server.Client.GetAsync($"{url}?format=webp&quality=50&width=32&height=40", Stop);
        Assert.Equal("image/webp", answer.Content.Headers.ContentType?.MediaType);
        Assert.Equal((32, 40), Size(ImageDecoder.Decode(await answer.Content.ReadAsByteArrayAsync(Stop), "image")));
        foreach (var (query, code) in ((string, string)[])[("?format=gif", "invalid_value"), ("?quality=0", "invalid_value"), ("?width=100000", "invalid_value")])
        {
            using var bad = await server.Client.GetAsync(url + query, Stop);
            Assert.Equal(code, (await TestServer.ErrorAsync(bad)).Code);
        }
        using var none = await server.Client.GetAsync(url![..^1] + "7", Stop);
        Assert.Equal((HttpStatusCode.NotFound, "result_not_found"), Brief(await TestServer.ErrorAsync(none)));
    }

    [Fact]
    public async Task Codes_go_out_and_come_back()
    {
        var server = await fixture.ReadyAsync();
        var made = await server.RunAsync("reconstruct", Forms.Of(("image", Photo)));
        var encoded = await server.RunAsync("encode", Forms.Of(("image", Photo)));
        var codes = encoded.GetProperty("results")[0].GetProperty("facts");
        Assert.Equal(made.GetProperty("results")[2].GetProperty("facts").GetProperty("patches").ToString(), codes.GetProperty("patches").ToString());
        var decoded = await server.RunAsync("decode", Forms.Json(codes.ToString()));
        EditingModels.AssertSame(await ImageAsync(server, made), await ImageAsync(server, decoded));
        var tokenizer = server.Catalog.Models[0].Pipeline.Tokenizer;
        var expected = tokenizer.Reconstruct(ImageFit.Square(Photo, tokenizer.Config.ImageSize)).Image;
        EditingModels.AssertSame(expected, await ImageAsync(server, made));
        var shaped = await server.RunAsync("encode", Forms.Of(("image", Photo), ("width", "96"), ("height", "64"), ("fit", "pad")));
        Assert.Equal((16, 24), (Fact(shaped, "grid_height"), Fact(shaped, "grid_width")));
    }

    [Fact]
    public async Task Style_is_that_of_the_library()
    {
        var server = await fixture.ReadyAsync();
        var other = ImageFiles.Noise(90, 90, 4);
        var job = await server.RunAsync("style", Forms.Of(("content", Photo), ("style", other), ("strength", "0.5"), ("order", "by-difference"), ("keep_opening", "true")));
        var expected = new StyleTransfer(server.Catalog.Models[0].Pipeline.Tokenizer).Apply(
            Photo, other, new StyleOptions { Strength = 0.5, Order = StyleOrder.ByDifference, KeepOpening = true }, cancellation: Stop);
        EditingModels.AssertSame(expected, await ImageAsync(server, job));
    }

    [Fact]
    public async Task Variations_morphs_and_explorations_come_as_several_results()
    {
        var server = await fixture.ReadyAsync();
        var varied = await server.RunAsync("vary", Forms.Of(("model", "small"), ("image", Photo), ("keep", "patches"), ("count", "3"), ("class", "2"), ("seed", "8")));
        Assert.Equal(3, varied.GetProperty("results").GetArrayLength());
        var morphed = await server.RunAsync("morph", Forms.Of(("from", Photo), ("to", ImageFiles.Noise(64, 64, 1)), ("frames", "3"), ("back", "true"), ("quantize", "true")));
        Assert.Equal(4, morphed.GetProperty("results")[0].GetProperty("facts").GetProperty("frames").GetInt32());
        using var animation = await server.Client.GetAsync(morphed.GetProperty("results")[0].GetProperty("url").GetString(), Stop);
        Assert.Equal("image/webp", animation.Content.Headers.ContentType?.MediaType);
        var explored = await server.RunAsync("explore", Forms.Of(("image", Photo), ("swap_with", ImageFiles.Noise(64, 64, 2)), ("codes", "[0,5]")));
        Assert.Equal(2 + (2 * 3), explored.GetProperty("results").GetArrayLength());
        Assert.Equal(5, explored.GetProperty("results")[5].GetProperty("facts").GetProperty("index").GetInt32());
    }

    [Fact]
    public async Task Parts_are_regenerated_and_the_rest_stays()
    {
        var server = await fixture.ReadyAsync();
        var masked = await server.RunAsync("inpaint", Forms.Of(("model", "small"), ("image", Photo), ("mask", Forms.LowerHalf(100, 80)), ("class", "1"), ("candidates", "2"), ("keep_candidates", "true"), ("seed", "4")));
        var half = await server.RunAsync("inpaint", Forms.Of(("model", "small"), ("image", Photo), ("lower_half", "true"), ("class", "1"), ("candidates", "2"), ("seed", "4")));
        var image = await ImageAsync(server, masked);
        EditingModels.AssertSame(image, await ImageAsync(server, half));
        EditingModels.AssertSame(Photo.Crop(0, 0, 100, 40), image.Crop(0, 0, 100, 40));
        Assert.Equal(3, masked.GetProperty("results").GetArrayLength());
        var extended = await server.RunAsync("outpaint", Forms.Of(("model", "small"), ("image", Photo), ("left", "10"), ("bottom", "5"), ("passes", "1")));
        Assert.Equal((110, 85), Size(await ImageAsync(server, extended)));
        var changed = await ImageAsync(server, await server.RunAsync("edit-class", Forms.Of(("model", "small"), ("image", Photo), ("box", "60,40,30,30"), ("class", "5"))));
        Assert.Equal(Photo[10, 10], changed[10, 10]);
        Assert.False(Photo.Pixels.SequenceEqual(changed.Pixels));
    }

    [Fact]
    public async Task Images_may_come_as_base64_and_as_data_urls()
    {
        var server = await fixture.ReadyAsync();
        var text = Convert.ToBase64String(Forms.Png(Photo));
        var plain = await server.RunAsync("reconstruct", Forms.Json($$"""{"image":"{{text}}"}"""));
        var url = await server.RunAsync("reconstruct", Forms.Json($$"""{"image":"data:image/png;base64,{{text}}"}"""));
        EditingModels.AssertSame(await ImageAsync(server, plain), await ImageAsync(server, url));
        using var bad = await server.Client.PostAsync("/api/v1/reconstruct", Forms.Json("""{"image":"file:///etc/passwd"}"""), Stop);
        var error = await TestServer.ErrorAsync(bad);
        Assert.Equal(("invalid_value", "image"), (error.Code, error.Parameter));
    }

    [Fact]
    public async Task Events_tell_progress_previews_and_the_end()
    {
        var server = await fixture.ReadyAsync();
        using var taken = await server.Client.PostAsync("/api/v1/generate", Forms.Json("""{"class":2,"previews":2}"""), Stop);
        var job = await taken.Content.ReadFromJsonAsync<JsonElement>(Stop);
        using var request = new HttpRequestMessage(HttpMethod.Get, job.GetProperty("events_url").GetString());
        var events = await ServerEvents.ReadAsync(server.Client, request, Stop);
        Assert.Equal("done", events[^1].Type);
        Assert.Equal("succeeded", events[^1].Data.GetProperty("state").GetString());
        Assert.Contains(events, static e => e.Type == "preview" && ImageDecoder.Decode(e.Data.GetProperty("b64_data").GetBytesFromBase64(), "preview").Width == 64);
        var done = events.Where(static e => e.Type != "preview").Select(static e => e.Data.GetProperty("done").GetInt64()).ToList();
        Assert.Equal(done.Order(), done);
    }

    [Fact]
    public async Task Previews_of_a_job_that_has_ended_are_told_to_who_comes_late()
    {
        var server = await fixture.ReadyAsync();
        using var taken = await server.Client.PostAsync("/api/v1/generate", Forms.Json("""{"class":2,"previews":2}"""), Stop);
        var job = await taken.Content.ReadFromJsonAsync<JsonElement>(Stop);
        var ended = await server.Client.GetFromJsonAsync<JsonElement>($"{taken.Headers.Location}?wait=20", Stop);
        Assert.Equal("succeeded", ended.GetProperty("state").GetString());
        using var request = new HttpRequestMessage(HttpMethod.Get, job.GetProperty("events_url").GetString());
        var events = await ServerEvents.ReadAsync(server.Client, request, Stop);
        Assert.Contains(events, static e => e.Type == "preview");
    }

    [Fact]
    public async Task A_job_is_cancelled_within_a_step()
    {
        var server = await fixture.ReadyAsync();
        using var taken = await server.Client.PostAsync("/api/v1/generate", Forms.Json("""{"class":2,"count":6}"""), Stop);
        var job = await taken.Content.ReadFromJsonAsync<JsonElement>(Stop);
        using var answer = await server.Client.DeleteAsync(job.GetProperty("url").GetString(), Stop);
        var cancelled = await answer.Content.ReadFromJsonAsync<JsonElement>(Stop);
        Assert.Equal("cancelled", cancelled.GetProperty("state").GetString());
        Assert.True(cancelled.GetProperty("done").GetInt64() < 6 * 284);
        Assert.Equal("cancelled", cancelled.GetProperty("error").GetProperty("code").GetString());
        // A second time nothing happens.
        using var again = await server.Client.DeleteAsync(job.GetProperty("url").GetString(), Stop);
        Assert.Equal("cancelled", (await again.Content.ReadFromJsonAsync<JsonElement>(Stop)).GetProperty("state").GetString());
    }

    [Fact]
    public async Task Models_classes_and_status_are_told()
    {
        var server = await fixture.ReadyAsync();
        var models = await server.Client.GetFromJsonAsync<JsonElement>("/api/v1/models", Stop);
        Assert.Equal(["materials", "small"], models.EnumerateArray().Select(static m => m.GetProperty("id").GetString()));
        Assert.Equal((64, 32, 256), (models[0].GetProperty("width").GetInt32(), models[0].GetProperty("holistic_tokens").GetInt32(), models[0].GetProperty("patch_tokens").GetInt32()));
        var classes = await server.Client.GetFromJsonAsync<JsonElement>("/api/v1/models/materials/classes", Stop);
        Assert.Equal((36, "marble torus"), (classes.GetArrayLength(), classes[17].GetProperty("name").GetString()));
        var status = await server.Client.GetFromJsonAsync<JsonElement>("/api/v1/status", Stop);
        Assert.Equal((true, 12, 6), (status.GetProperty("ready").GetBoolean(), status.GetProperty("max_queue").GetInt32(), status.GetProperty("max_images").GetInt32()));
        Assert.Equal(HttpStatusCode.OK, (await server.Client.GetAsync("/api/v1/jobs", Stop)).StatusCode);
    }

    private static int Fact(JsonElement job, string name) => job.GetProperty("results")[0].GetProperty("facts").GetProperty(name).GetInt32();

    private static async Task<Image> ImageAsync(TestServer server, JsonElement job) =>
        ImageDecoder.Decode(await server.Client.GetByteArrayAsync(job.GetProperty("results")[0].GetProperty("url").GetString(), Stop), "image");

    private static (HttpStatusCode, string) Brief((HttpStatusCode Status, string Code, string Message, string? Parameter) error) => (error.Status, error.Code);

    private static (int, int) Size(Image image) => (image.Width, image.Height);
}
