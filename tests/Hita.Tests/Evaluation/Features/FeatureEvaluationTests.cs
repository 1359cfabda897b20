using Hita.Evaluation.Features;
using Hita.Evaluation.Protocols;
using Hita.Evaluation.Reports;
using Hita.Evaluation.Runs;
using Hita.Imaging;
using Hita.Materials;
using Hita.Runtime;
using Hita.Studies;
using Hita.Tests.Cli;
using Hita.Tests.Data;
using Hita.Tests.Evaluation.Runs;
using Hita.Tests.Support;

namespace Hita.Tests.Evaluation.Features;

/// <summary>Sets of images are compared by the features of networks other than FID's.</summary>
public sealed class FeatureEvaluationTests
{
    private const string MobileNet = "data/mobilenet/tf2_mobilenet_v2_1.0_224_ptq.tflite";

    [Fact]
    public void A_set_has_no_distance_to_itself_and_some_to_another_one()
    {
        using var network = FeatureNetwork.Load("resnet18", ResNet18File.Path());
        using var folder = new TemporaryFolder();
        var same = Compare(network, folder["same"], "materials:0:0..12", "materials:0:0..12");
        Assert.Equal("fd-resnet18", same.Protocol.Name);
        Assert.InRange(same.Find("fd_resnet18")!.Value, -1e-3, 1e-3);
        Assert.Equal((1, 1), (same.Find("precision")!.Value, same.Find("recall")!.Value));
        Assert.Null(same.Find("fid"));
        var others = Compare(network, folder["others"], "materials:0:50..62", "materials:0:0..12");
        Assert.True(others.Find("fd_resnet18")!.Value > 1);
        var page = File.ReadAllText(folder["others/index.html"]);
        Assert.Contains("by ResNet-18", page, StringComparison.Ordinal);
        // Nothing is compared across protocols.
        Assert.Contains("protocol", ReportComparison.Difference(same, same with { Protocol = EvaluationProtocols.Hita }), StringComparison.Ordinal);
        var wrong = Assert.Throws<HitaException>(() => FeatureEvaluation.Run(
            SampleOrigin.From(Series("materials:0:0..4")), Series("materials:0:0..4"), network, new EvaluationOptions { Folder = folder["x"], Protocol = FeatureProtocols.MobileNet2 }));
        Assert.Contains("fd-resnet18", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_stopped_comparison_goes_on_with_the_same_result()
    {
        using var network = FeatureNetwork.Load("resnet18", ResNet18File.Path());
        using var folder = new TemporaryFolder();
        var straight = Compare(network, folder["straight"], "materials:0:50..62", "materials:0:0..12");
        using var stop = new CancellationTokenSource();
        var stopping = new Told(p =>
        {
            if (p is { Stage: "Measuring", Done: 4 })
                stop.Cancel();
        });
        Assert.ThrowsAny<OperationCanceledException>(() => Compare(network, folder["resumed"], "materials:0:50..62", "materials:0:0..12", stopping, stop.Token));
        var resumed = Compare(network, folder["resumed"], "materials:0:50..62", "materials:0:0..12");
        Assert.Equal(straight.Metrics, resumed.Metrics);
        Assert.Equal((straight.Samples, straight.Reference), (resumed.Samples, resumed.Reference));
    }

    [Fact]
    public void A_reference_for_many_comparisons_is_measured_once()
    {
        using var network = FeatureNetwork.Load("resnet18", ResNet18File.Path());
        using var folder = new TemporaryFolder();
        using var reference = new ColourSource(6, classes: 2);
        using var other = new ColourSource(5, classes: 2);
        var first = Run("first", reference);
        var reads = reference.Reads;
        var second = Run("second", reference);
        Assert.Equal(reads, reference.Reads);
        Assert.Equal(first.Metrics, second.Metrics);
        Assert.Equal(first.Reference, second.Reference);
        // What is kept of another set is not taken for this one's.
        Assert.Equal(5, Run("third", other).Reference!.Count);

        EvaluationReport Run(string name, ColourSource against) => FeatureEvaluation.Run(
            SampleOrigin.From(Series("materials:0:0..4")), ImageSeries.Source(against, 64, 0), network,
            new EvaluationOptions { Folder = folder[name], Protocol = network.Protocol }, folder["reference.safetensors"]);
    }

    [Fact]
    public void Mobilenet_names_what_is_in_photographs()
    {
        using var network = FeatureNetwork.Load("mobilenet2", TestFiles.Shared(MobileNet));
        var files = Directory.GetFiles(TestFiles.Shared("images"), "n*.JPEG");
        var right = files.Count(file =>
        {
            var image = ImageFit.Square(ImageDecoder.Decode(file), FeatureNetwork.InputSize);
            var features = network.Extract([image]);
            Assert.Equal((1280, 1001), (features.Vectors.Length, features.Logits.Length));
            // n02086079_Pekinese.JPEG; class 0 is the background, and the others have the usual order.
            var named = Hita.Generation.ImageNetClasses.Lines[Array.IndexOf(features.Logits, features.Logits.Max()) - 1];
            return named.Contains(Path.GetFileNameWithoutExtension(file).Split('_', 2)[1].Replace('_', ' ').Split(' ')[^1], StringComparison.OrdinalIgnoreCase);
        });
        Assert.InRange(right, files.Length * 3 / 4, files.Length);
    }

    [Theory]
    [InlineData("resnet18")]
    [InlineData("mobilenet2")]
    public void Content_is_where_things_are_and_style_what_they_look_like(string name)
    {
        using var network = FeatureNetwork.Load(name, name == "resnet18" ? ResNet18File.Path() : TestFiles.Shared(MobileNet));
        var image = ScenePairs.Render(new MaterialsSet(1).Scene(2), 64);
        var grey = ImageStatistics.MeanColourTransfer(image, new Image(64, 64));
        var all = network.Describe([image, Mirrored(image), grey, image]);
        Assert.Equal((0, 0), (all[0].ContentDistance(all[3]), all[0].StyleDistance(all[3])));
        // Mirrored, everything is elsewhere and looks as before; darkened, everything is in its place and looks otherwise.
        Assert.True(all[0].ContentDistance(all[1]) > all[0].ContentDistance(all[2]));
        Assert.True(all[0].StyleDistance(all[1]) < all[0].StyleDistance(all[2]));
        Assert.Throws<ArgumentException>(() => network.Describe([]));

        static Image Mirrored(Image image)
        {
            var mirrored = new Image(image.Width, image.Height);
            for (var y = 0; y < image.Height; y++)
            {
                for (var x = 0; x < image.Width; x++)
                    mirrored[x, y] = image[image.Width - 1 - x, y];
            }
            return mirrored;
        }
    }

    [Fact]
    public void The_command_compares_folders_by_either_network()
    {
        using var folder = new TemporaryFolder();
        Sets.WriteClasses(folder["real"], 6, "ant", "bee");
        Sets.WriteClasses(folder["made"], 6, "cat");
        var (code, output, error) = CommandLine.Run(
            "evaluate", "features", folder["made"], folder["real"], "--network", "mobilenet2", "--weights", TestFiles.Shared(MobileNet), "-o", folder["out"]);
        Assert.True(code == 0, error);
        Assert.Contains("class score by MobileNetV2", output, StringComparison.Ordinal);
        var report = EvaluationReport.Load(folder["out"]);
        Assert.Equal(["fd_mobilenet2", "precision", "recall", "mobilenet2_score"], report.Metrics.Select(static f => f.Name));
        Assert.InRange(report.Find("mobilenet2_score")!.Value, 1, 6);
        (code, _, error) = CommandLine.Run("evaluate", "features", folder["made"], folder["real"], "--network", "mobilenet2", "-o", folder["x"]);
        Assert.Equal(1, code);
        Assert.Contains("--weights", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Other_files_are_refused_in_a_sentence()
    {
        using var folder = new TemporaryFolder();
        var bytes = File.ReadAllBytes(TestFiles.Shared(MobileNet));
        File.WriteAllBytes(folder["text"], [.. "no model"u8]);
        Refused(folder["text"], "not a TensorFlow Lite model");
        File.WriteAllBytes(folder["short"], bytes[..(bytes.Length / 3)]);
        Refused(folder["short"], "copy or download it again");
        var random = new Random(1);
        for (var i = 0; i < 60; i++)
        {
            // The structure lies at both ends; whatever a place there is changed to ends in a message or in a network.
            var changed = (byte[])bytes.Clone();
            for (var n = 0; n < 8; n++)
                changed[i % 2 == 0 ? random.Next(8, 400) : bytes.Length - 1 - random.Next(20_000)] = (byte)random.Next(256);
            File.WriteAllBytes(folder["changed"], changed);
            try
            {
                FeatureNetwork.Load("mobilenet2", folder["changed"]).Dispose();
            }
            catch (CheckpointException e)
            {
                Assert.EndsWith(".", e.Message, StringComparison.Ordinal);
            }
        }

        static void Refused(string path, string part)
        {
            var fault = Assert.Throws<CheckpointException>(() => FeatureNetwork.Load("mobilenet2", path).Dispose());
            Assert.Contains(part, fault.Message, StringComparison.Ordinal);
        }
    }

    private static EvaluationReport Compare(
        FeatureNetwork network, string folder, string samples, string reference, IProgress<EvaluationProgress>? progress = null, CancellationToken cancellation = default) =>
        FeatureEvaluation.Run(
            SampleOrigin.From(Series(samples)), Series(reference), network, new EvaluationOptions { Folder = folder, Protocol = network.Protocol, BatchSize = 4 }, progress, cancellation);

    private static ImageSeries Series(string set) => ImageSeries.Source(Hita.Data.Sources.ImageSources.Open(set), 64, 0);

    private sealed class Told(Action<EvaluationProgress> told) : IProgress<EvaluationProgress>
    {
        public void Report(EvaluationProgress value) => told(value);
    }
}
