using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Hita.Checkpoints;
using Hita.Editing;
using Hita.Extensions.Hosting;
using Hita.Imaging;
using Hita.Models;
using Hita.Runtime;
using Hita.Server.Settings;
using Hita.Tests.Cli;
using Hita.Tests.Server;
using Hita.Tests.Support;
using Hita.Tokenization.Model;
using Microsoft.Extensions.DependencyInjection;

namespace Hita.Tests.Models;

/// <summary>The default pipeline, whose encoder looks through weights that are not part of it: what works without them, and what says how to get them.</summary>
[Collection(Alone.Name)]
public sealed class DefaultPipelineTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Generating_needs_no_encoder_and_what_needs_it_says_how_to_get_it()
    {
        using var without = new WithoutResNet18();
        var (code, made, error) = CommandLine.Run("generate", "--class", "apple", "-o", _folder["out"]);
        Assert.True(code == 0, error);
        var apple = made.Trim();
        Assert.Equal((128, 128), (ImageDecoder.Decode(apple).Width, ImageDecoder.Decode(apple).Height));
        foreach (var arguments in (string[][])
                 [
                     ["encode", apple, "-o", _folder["c/codes.hita"]], ["reconstruct", apple, "-o", _folder["r/s"]], ["style", apple, apple, "-o", _folder["s/s.png"]],
                     ["inpaint", apple, "--lower-half", "-o", _folder["i/i.png"]], ["outpaint", apple, "--left", "32", "-o", _folder["u/u.png"]],
                     ["edit-class", apple, "--box", "0,0,64,64", "--class", "pear", "-o", _folder["b/b.png"]], ["vary", apple, "-o", _folder["v"]],
                     ["morph", apple, apple, "-o", _folder["m/m.webp"]], ["explore", apple, "-o", _folder["e"]], ["probe", "materials:0:0..72", "-o", _folder["p"]],
                     ["tokenize", "materials:0:0..72", "-m", "orchard", "-o", _folder["t"]], ["evaluate", "reconstruction", "materials:0:0..72", "-o", _folder["q"]],
                     [
                         "train", "generator", Path.Combine(TestFiles.Root, "recipes", "materials-generator.yaml"), "--set", "tokenizer=orchard", "--set", "data.source=materials:0:0..72",
                         "-o", _folder["runs/g"],
                     ],
                 ])
        {
            (code, var output, error) = CommandLine.Run(arguments);
            Assert.Equal((1, ""), (code, output));
            Assert.Equal($"hita: {ResNet18Weights.Absence}", error.Trim());
        }
        // Nothing is left of what had no result, folders above it included.
        Assert.Equal([_folder["out"]], Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public void With_the_encoder_an_image_of_its_own_comes_back_close()
    {
        ResNet18File.Path();
        using var pipeline = ImagePipeline.Load(BundledModels.Default, withEncoder: true);
        Image? pear = null;
        pipeline.Generate(new() { Classes = [pipeline.Generator.Classes.Find("pear")], Seed = 7, Sampling = pipeline.Generator.Sampling }, made => pear = made.Image);
        Assert.InRange(ImageComparison.Psnr(pear!, pipeline.Tokenizer.Reconstruct(pear!).Image), 27, 60);
    }

    [Fact]
    public async Task A_server_without_the_encoder_generates_and_refuses_what_reads_images()
    {
        using var without = new WithoutResNet18();
        await using var server = await TestServer.StartAsync(static options => options.Pipelines.Add(ServedPipeline.Of(BundledModels.Default)));
        await server.Catalog.Ready;
        Assert.True(server.Catalog.Models[0].MissesEncoder);
        using var made = await server.Client.PostAsync("/v1/images/generations", Forms.Json("""{"prompt":"apple","seed":1}"""), Stop);
        Assert.Equal(HttpStatusCode.OK, made.StatusCode);
        var models = await server.Client.GetFromJsonAsync<JsonElement>("/api/v1/models", Stop);
        Assert.Contains("\"can_edit\":false", models.ToString(), StringComparison.Ordinal);
        using var edit = await server.Client.PostAsync("/v1/images/edits", Forms.Of(("image", ImageFiles.Noise(128, 128, 2)), ("mask", Forms.LowerHalf(128, 128)), ("prompt", "apple")), Stop);
        var (status, _, message, _) = await TestServer.ErrorAsync(edit);
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains("needs weights that are not on the server's machine", message, StringComparison.Ordinal);
        // Where they would lie is for the server's log alone.
        Assert.DoesNotContain(Path.GetTempPath(), message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_program_without_the_encoder_generates_and_is_told_at_an_edit()
    {
        using var without = new WithoutResNet18();
        var services = new ServiceCollection();
        services.AddHitaPipeline();
        await using var provider = services.BuildServiceProvider();
        var host = provider.GetRequiredService<IImageHost>();
        var image = await host.GenerateAsync(new HostedImageRequest { Class = 0, Seed = 7, Sampling = host.Pipeline.Generator.Sampling }, cancellation: Stop);
        Assert.Equal(128, image.Image.Width);
        Assert.Equal(ResNet18Weights.Absence, Assert.Throws<HitaException>(() => new Variations(host.Pipeline)).Message);
    }
}
