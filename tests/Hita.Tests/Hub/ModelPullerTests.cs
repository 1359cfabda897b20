using Hita.Hub;
using Hita.Models;

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
}
