using Hita.Checkpoints;
using Hita.Hub;
using Hita.Imaging;
using Hita.Models;
using Hita.Tests.Models;
using Hita.Tokenization;

namespace Hita.Tests.Hub;

/// <summary>Published pipelines: fetched and imported in one go.</summary>
public sealed class ModelPullerTests
{
    [Fact]
    public async Task Both_parts_are_fetched_and_become_a_pipeline()
    {
        await using var hub = await LoopbackHub.Start();
        var made = ModelCreator.Create("tiny-llamagen", hub["made"]);
        hub.AddFile("tok.pt", Path.Combine(made.First(static m => m.Kind == ModelKind.Tokenizer).Folder, "model.safetensors"));
        hub.AddFile("gpt.pt", Path.Combine(made.First(static m => m.Kind == ModelKind.Generator).Folder, "model.safetensors"));
        using var client = new HubClient(hub.Settings with { RangeBytes = 1 << 20 });
        var model = new PublishedModel("tiny", LoopbackHub.Repository, "gpt.pt", "tiny-llamagen", "tok.pt", "tiny-llamagen");

        var report = await new ModelPuller(client).PullAsync(model, "main", hub["pipeline"], cancellation: TestContext.Current.CancellationToken);

        Assert.Equal(("tiny-llamagen", "tiny-llamagen"), (report.Generator.Preset, report.Tokenizer.Preset));
        using var pipeline = ImagePipeline.Load(hub["pipeline"]);
        Assert.Equal(64, pipeline.Width);
    }

    [Fact]
    public async Task The_semantic_encoder_comes_from_its_authors_repository()
    {
        // One repository plays both, under the name that is known.
        await using var hub = await LoopbackHub.Start(PublishedModels.Dinov2);
        ModelCreator.Create("tiny", hub["made"], byNamePrefix: "");
        Split(hub["made/tokenizer/model.safetensors"], hub["tok.safetensors"], hub["dino.safetensors"]);
        using (var own = WeightFile.Open(hub["dino.safetensors"]))
            TransformersDinov2Tests.Write(own, hub["theirs.safetensors"]);
        hub.AddFile("tok.pt", hub["tok.safetensors"]);
        hub.AddFile("gpt.pt", hub["made/generator/model.safetensors"]);
        hub.AddFile("model.safetensors", hub["theirs.safetensors"]);
        hub.Add("config.json", "{}"u8.ToArray(), isLarge: false);
        using var client = new HubClient(hub.Settings with { RangeBytes = 1 << 20 });
        var model = new PublishedModel("tiny", PublishedModels.Dinov2, "gpt.pt", "tiny", "tok.pt", "tiny");

        var report = await new ModelPuller(client).PullAsync(model, "main", hub["pipeline"], PublishedModels.Dinov2Name, cancellation: TestContext.Current.CancellationToken);

        Assert.True(report.Tokenizer.CanEncode);
        using var pulled = ImageTokenizer.Load(hub["pipeline"]);
        using var made = ImageTokenizer.Load(hub["made"]);
        var image = new Image(pulled.Config.ImageSize, pulled.Config.ImageSize);
        Assert.Equal(made.Encode([image])[0].Holistic, pulled.Encode([image])[0].Holistic);
        Assert.Equal("hf:facebook/dinov2-with-registers-large", PublishedModels.SemanticEncoder("dinov2"));
        Assert.Equal("other.pth", PublishedModels.SemanticEncoder("other.pth"));
    }

    // A tokenizer as it is published, without its semantic encoder, and that by itself.
    private static void Split(string whole, string tokenizer, string encoder)
    {
        const string Prefix = "encode_transformer.backbone.pretrained_encoder.";
        using var source = WeightFile.Open(whole);
        foreach (var (path, isEncoder) in ((string, bool)[])[(tokenizer, false), (encoder, true)])
        {
            var entries = source.Tensors.Values.Where(e => e.Name.StartsWith(Prefix, StringComparison.Ordinal) == isEncoder).ToList();
            using var writer = new SafetensorsWriter(path, entries.Select(e => e with { Name = isEncoder ? e.Name[Prefix.Length..] : e.Name }));
            foreach (var entry in entries)
            {
                var bytes = new byte[entry.ByteLength];
                source.Read(entry.Name, bytes);
                writer.Write(isEncoder ? entry.Name[Prefix.Length..] : entry.Name, bytes);
            }
            writer.Complete();
        }
    }
}
