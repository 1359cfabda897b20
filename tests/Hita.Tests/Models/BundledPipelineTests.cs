using Hita.Checkpoints;
using Hita.Generation;
using Hita.Imaging;
using Hita.Materials;
using Hita.Models;
using Hita.Tests.Cli;
using Hita.Tests.Support;
using Hita.Tokenization.Model;

namespace Hita.Tests.Models;

/// <summary>The pipelines that come with the program, as they are found without a folder.</summary>
public sealed class BundledPipelineTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void There_are_two_and_the_first_is_the_default()
    {
        Assert.Equal([BundledModels.Orchard, BundledModels.Materials], BundledModels.Names);
        Assert.Equal(BundledModels.Default, BundledModels.Names[0]);
    }

    [Theory]
    [InlineData(BundledModels.Orchard, 34)]
    [InlineData(BundledModels.Materials, 12)]
    public void They_are_small(string name, int megabytes)
    {
        var folder = BundledModels.Locate(name);
        var bytes = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Where(static f => Path.GetFileName(Path.GetDirectoryName(f)) != ModelFolder.PackedName)
            .Sum(static f => new FileInfo(f).Length);
        Assert.InRange(bytes, 1 << 20, megabytes * 1_000_000);
        foreach (var file in (string[])["README.md", "training/tokenizer.yaml", "training/tokenizer-metrics.jsonl", "training/generator.yaml", "training/generator-metrics.jsonl"])
            Assert.True(File.Exists(Path.Combine(folder, file)), file);
    }

    [Fact]
    public void The_default_knows_thirteen_fruits()
    {
        var classes = NamedGenerator.Read(BundledModels.Default).Classes;
        Assert.Equal(
            ["apple", "avocado", "cherry", "grape", "grapefruit", "lemon", "mango", "orange", "peach", "pear", "persimmon", "plum", "strawberry"],
            Enumerable.Range(0, classes.Count).Select(i => classes[i]));
        var tokenizer = NamedTokenizer.Read(BundledModels.Default).Config;
        Assert.Equal((128, 32, 16), (tokenizer.ImageSize, tokenizer.HolisticTokenCount, tokenizer.GridSide));
        Assert.IsType<ResNet18Config>(tokenizer.Holistic!.SemanticEncoder);
    }

    [Fact]
    public void The_built_in_set_s_knows_its_classes_by_name()
    {
        var classes = NamedGenerator.Read(BundledModels.Materials).Classes;
        Assert.Equal(MaterialsSet.ClassNames, Enumerable.Range(0, classes.Count).Select(i => classes[i]));
        var (code, listed, _) = CommandLine.Run("inspect", BundledModels.Materials, "--brief");
        Assert.Equal(0, code);
        Assert.Contains("tokenizer", listed, StringComparison.Ordinal);
        Assert.Equal(MaterialsSet.ClassOf(SceneMaterial.Marble, SceneShape.Torus), classes.Find("marble torus"));
    }

    [Fact]
    public void A_model_in_a_folder_of_its_name_has_precedence()
    {
        Assert.Equal("elsewhere", BundledModels.Locate("elsewhere"));
        foreach (var name in BundledModels.Names)
        {
            Assert.Equal(_folder[name], BundledModels.Locate(_folder[name]));
            Assert.Equal(Path.Combine(BundledModels.Folder, name), BundledModels.Locate(name));
        }
    }

    [Fact]
    public void Without_any_option_it_decodes_each_class_once()
    {
        var (code, output, error) = CommandLine.Run("generate", "-o", _folder["out"]);
        Assert.True(code == 0, error);
        Assert.Equal(13, output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.True(File.Exists(_folder["out/grid.png"]));
        var pear = Directory.GetFiles(_folder["out"], "*-pear-*.png").Single();
        // Trained images are decoded as the folder recommends, and found again by their hashes alone.
        Assert.Equal(GeneratorFolder.ReadSampling(GeneratorFolder.Find(BundledModels.Default)), ImageSettings.Read(pear).Sampling);
        var (replayed, said, _) = CommandLine.Run("replay", pear);
        Assert.Equal(0, replayed);
        Assert.Contains("identical", said, StringComparison.Ordinal);
    }

    [Fact]
    public void Scenes_come_back_close_to_what_they_were()
    {
        // Scenes that no training saw: the set counts on beyond the training's images. Quick and few, hence a wide margin below the card's figure.
        var set = new MaterialsSet(seed: 0);
        using var pipeline = ImagePipeline.Load(BundledModels.Materials, withEncoder: true);
        var psnr = Enumerable.Range(0, 24).Average(i =>
        {
            var scene = new Image(64, 64);
            MaterialsRenderer.Render(set.Scene(10_000_000 + i), 64, scene.Pixels);
            return ImageComparison.Psnr(scene, pipeline.Tokenizer.Reconstruct(scene).Image);
        });
        Assert.InRange(psnr, 26, 60);
    }
}
