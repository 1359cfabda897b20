using Hita.Cli.Hosting;
using Hita.Cli.Output;
using Hita.Evaluation.Reports;
using Hita.Generation;
using Hita.Hub.Pushing;
using Hita.Imaging;
using Hita.Models;
using Hita.Runtime;

namespace Hita.Cli.Commands.Models;

/// <summary>What the page of a pushed model shows: metrics of its reports, and images.</summary>
internal static class PushedPage
{
    private const string SheetName = "samples/classes.png";
    private const ulong Seed = 7;

    /// <summary>Makes the page, and the images that it needs besides those of the folder.</summary>
    public static (ModelCard Card, IReadOnlyList<PushFile> Besides) Make(CommandHost host, PushFolder folder, string? license, IReadOnlyList<string> reports, int samples)
    {
        IReadOnlyList<PushFile> besides = samples > 0 ? [Sheet(host, folder, samples)] : [];
        var images = folder.Files.Concat(besides).Select(static f => f.Name).Where(PushFolder.IsImage).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);
        var own = folder.Files.Where(static f => f.Name.EndsWith("/" + EvaluationReport.FileName, StringComparison.Ordinal)).Select(static f => f.Path!);
        return (new ModelCard { License = license, Images = [.. images], Metrics = [.. reports.Concat(own).SelectMany(Metrics)] }, besides);
    }

    private static IEnumerable<CardMetric> Metrics(string path)
    {
        var report = EvaluationReport.Load(path);
        // The samples of a generator are its own; what they are compared with is the data.
        var data = (report.Reference ?? report.Samples).Description;
        return report.Metrics.Select(m => new CardMetric(m.Name, MetricNames.Title(m.Name, report.Kind), m.Value, MetricNames.Text(m), Name(data)));
    }

    // A path of this machine says more than others need to know.
    private static string Name(string data) => Path.IsPathRooted(data) ? Path.GetFileName(Path.TrimEndingDirectorySeparator(data)) : data;

    private static PushFile Sheet(CommandHost host, PushFolder folder, int count)
    {
        if (folder.Generator is null || folder.Tokenizer is null)
            throw new HitaException($"{folder.Path} is no pipeline, so that there are no samples to generate; leave --samples out.");
        using var pipeline = ImagePipeline.Load(folder.Path);
        var classes = Enumerable.Range(0, count).Select(i => (int)((long)i * folder.Generator.ClassCount / count)).ToList();
        var request = new GenerationRequest { Classes = classes, Seed = Seed, Sampling = pipeline.Generator.Sampling };
        var images = new List<Image>();
        using (var bar = new ProgressLine(host.Terminal, "Generating", "images", count))
        {
            pipeline.Generate(
                request,
                image =>
                {
                    images.Add(image.Image);
                    bar.Report(images.Count);
                },
                cancellation: host.Cancellation);
        }
        using var bytes = new MemoryStream();
        ImageWriter.Write(ImageGrid.Compose(images), bytes, ImageFormat.Png);
        return PushFile.Of(SheetName, bytes.ToArray());
    }
}
