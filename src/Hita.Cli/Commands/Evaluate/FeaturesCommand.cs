using System.CommandLine;
using Hita.Cli.Hosting;
using Hita.Cli.Options;
using Hita.Data;
using Hita.Evaluation.Features;
using Hita.Evaluation.Protocols;
using Hita.Evaluation.Runs;
using Hita.Metrics.Archives;

namespace Hita.Cli.Commands.Evaluate;

/// <summary><c>hita evaluate features</c>: two sets of images by the features of a network other than FID's.</summary>
internal static class FeaturesCommand
{
    public static Command Create(CommandHost host)
    {
        var samples = new Argument<string>("SAMPLES") { Description = "What is judged: an archive of samples (.npz) or a set of images, for example those that 'hita generate' or 'hita reconstruct' wrote." };
        var reference = new Argument<string>("REFERENCE") { Description = "Real images to compare with: a set of images or an archive (.npz). They are brought to the samples' size first." };
        var network = new Option<string>("--network")
        {
            Description = "Whose features: ResNet-18's, which is found by itself, or MobileNetV2's, from a TensorFlow Lite file.",
            HelpName = string.Join('|', FeatureNetwork.Names),
            DefaultValueFactory = static _ => FeatureNetwork.Names[0],
        };
        CommonOptions.OneOf(network, [.. FeatureNetwork.Names]);
        var weights = new Option<string?>("--weights") { Description = "The network's weights: ResNet18.onnx, the imported file, or a .tflite file of MobileNetV2 at 224 pixels.", HelpName = "FILE" };
        var shared = new EvaluationArguments(EvaluationProtocols.Hita, "Measure on N images of each set, evenly chosen (of an archive, the first); all if left out.");
        var command = new HitaCommand(
            "features",
            "Compare two sets of images by the features of ResNet-18 or MobileNetV2: Fréchet distance, precision and recall, and a class score with MobileNetV2. The numbers have names of their own and are not comparable with FID.",
            "hita evaluate features out/ photos/ -o evaluation",
            "hita evaluate features samples.npz photos/ --network mobilenet2 --weights mobilenet_v2.tflite -o evaluation")
        {
            samples, reference, network, weights,
        };
        shared.AddTo(command, weights: false, protocol: false);
        command.SetAction(parsed =>
        {
            host.Globals.Prepare(parsed);
            return shared.Together(parsed, host, group =>
            {
                var name = parsed.GetValue(network)!;
                using var features = FeatureNetwork.Load(name, parsed.GetValue(weights), parsed.GetValue(host.Globals.Device)!);
                var options = shared.Options(parsed, host, features.Protocol);
                var (judged, side, own) = Open(host, parsed.GetValue(samples)!, null, options.SampleCount);
                using var first = own;
                var (against, _, other) = Open(host, parsed.GetValue(reference)!, side, options.SampleCount);
                using var second = other;
                shared.Measure(parsed, host, group, FeatureEvaluation.Prepare(SampleOrigin.From(judged), against, features, options));
            });
        });
        return command;
    }

    // Real images that are larger than the samples are brought to their size first: otherwise the distance would measure sharpness.
    private static (ImageSeries Images, int Side, IImageSource? Source) Open(CommandHost host, string path, int? side, int? count)
    {
        if (path.EndsWith(".npz", StringComparison.OrdinalIgnoreCase))
        {
            using var reader = ImageArchiveReader.Open(path);
            return (ImageSeries.Archive(path, side ?? 0, count), reader.Height, null);
        }
        var source = EvaluationData.Open(host, path, EvaluationProtocols.Hita, side ?? FeatureNetwork.InputSize);
        try
        {
            if (side is not { } known)
            {
                var first = source.Read(0);
                known = Math.Min(first.Width, first.Height);
            }
            return (ImageSeries.Source(source, known, 0, count), known, source);
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }
}
