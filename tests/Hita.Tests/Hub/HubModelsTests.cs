using Hita.Checkpoints;
using Hita.Hub;
using Hita.Models;
using Hita.Runtime;
using Hita.Tests.Support;

namespace Hita.Tests.Hub;

/// <summary>Models by their names on the hub.</summary>
public sealed class HubModelsTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_pipeline_in_a_repository_is_fetched_and_opens_by_its_name()
    {
        await using var hub = await LoopbackHub.Start();
        var materials = Path.Combine(TestFiles.Root, "models", "materials");
        foreach (var name in (string[])["README.md", "tokenizer/config.json", "tokenizer/model.safetensors", "generator/config.json", "generator/model.safetensors", "generator/classes.txt", "generator/sampling.json"])
            hub.Add($"small/{name}", await File.ReadAllBytesAsync(Path.Combine(materials, name), Stop), isLarge: name.EndsWith(".safetensors", StringComparison.Ordinal));
        hub.Add("other.bin", LoopbackHub.Random(10));
        using var client = new HubClient(hub.Settings with { RangeBytes = 1 << 20 });
        var models = new HubModels(client);

        var folder = await models.LocateAsync($"hf:{LoopbackHub.Repository}/small", null, Stop);

        using (var pipeline = ImagePipeline.Load(folder))
            Assert.Equal(64, pipeline.Width);
        Assert.Single(hub.Requests, static r => r.Path.Contains("/revision/", StringComparison.Ordinal));
        Assert.DoesNotContain(hub.Requests, static r => r.Path.EndsWith("other.bin", StringComparison.Ordinal));
        using var offline = new HubClient(hub.Settings with { IsOffline = true });
        Assert.Equal(folder, await new HubModels(offline).LocateAsync($"hf:{LoopbackHub.Repository}/small", null, Stop));
        Assert.Contains(
            "holds no model folder", (await Assert.ThrowsAsync<HubException>(() => models.LocateAsync($"hf:{LoopbackHub.Repository}", null, Stop))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_scheme_reaches_whatever_opens_a_model()
    {
        ModelSchemes.Register("test-scheme:", static name => name == "test-scheme:x" ? Path.Combine(TestFiles.Root, "models", "materials") : throw new HitaException("no such model"));
        using (var pipeline = NamedModel.OpenPipeline("test-scheme:x", "test-scheme:x"))
            Assert.Equal(36, pipeline.Generator.Config.ClassCount);
        Assert.Equal("no such model", Assert.Throws<HitaException>(() => ImagePipeline.Load("test-scheme:y")).Message);
    }
}
