using Hita.Checkpoints;
using Hita.Generation;
using Hita.Imaging;
using Hita.Materials;
using Hita.Models;
using Hita.Tests.Cli;
using Hita.Tests.Support;

namespace Hita.Tests.Models;

/// <summary>The pipeline that comes with the program, as it is found without a folder.</summary>
public sealed class BundledPipelineTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void It_is_small_and_knows_its_classes_by_name()
    {
        var folder = BundledModels.Locate(BundledModels.Materials);
        var bytes = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Where(static f => Path.GetFileName(Path.GetDirectoryName(f)) != ModelFolder.PackedName)
            .Sum(static f => new FileInfo(f).Length);
        Assert.InRange(bytes, 1 << 20, 30 << 20);
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
        Assert.Equal(_folder["materials"], BundledModels.Locate(_folder["materials"]));
        Assert.Equal(Path.Combine(BundledModels.Folder, "materials"), BundledModels.Locate("materials"));
    }

    [Fact]
    public void Without_any_option_it_decodes_each_class_once()
    {
        var (code, output, error) = CommandLine.Run("generate", "-o", _folder["out"]);
        Assert.True(code == 0, error);
        Assert.Equal(MaterialsSet.ClassCount, output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.True(File.Exists(_folder["out/grid.png"]));
        var torus = Directory.GetFiles(_folder["out"], "*marble-torus*.png").Single();
        // Trained images are decoded as the folder recommends, and found again by their hashes alone.
        Assert.Equal(GeneratorFolder.ReadSampling(GeneratorFolder.Find(BundledModels.Materials)), ImageSettings.Read(torus).Sampling);
        var (replayed, said, _) = CommandLine.Run("replay", torus);
        Assert.Equal(0, replayed);
        Assert.Contains("identical", said, StringComparison.Ordinal);
    }

    [Fact]
    public void Its_images_come_back_close_to_what_they_were()
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
