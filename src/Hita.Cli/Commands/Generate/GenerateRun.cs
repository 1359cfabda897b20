using System.Globalization;
using Hita.Cli.Hosting;
using Hita.Cli.Output;
using Hita.Generation;
using Hita.Imaging;
using Hita.Models;
using Hita.Runtime;

namespace Hita.Cli.Commands.Generate;

/// <summary>An image that was generated and written.</summary>
/// <param name="File">Where it is.</param>
/// <param name="Class">Its class.</param>
/// <param name="Name">Its class's usual name.</param>
/// <param name="Seed">The seed.</param>
/// <param name="Image">Its number under the seed.</param>
internal sealed record WrittenImage(string File, int Class, string Name, ulong Seed, long Image);

/// <summary>Where all images together go.</summary>
/// <param name="File">The file.</param>
/// <param name="Columns">Images in a row; null for as nearly a square as possible.</param>
internal sealed record SheetPlace(string File, int? Columns);

/// <summary>Generates a request into a folder: a PNG an image as soon as it is done, and a sheet of all.</summary>
internal sealed class GenerateRun(CommandHost host, ImagePipeline pipeline, GenerationRequest request, GeneratedFiles files, SheetPlace? sheet, bool quiet)
{
    /// <summary>Images on a sheet at most.</summary>
    public const int LargestSheet = 100;

    private readonly List<WrittenImage> _written = [];
    private readonly List<Image> _sheet = [];

    /// <summary>Generates and writes the images.</summary>
    public IReadOnlyList<WrittenImage> Run()
    {
        try
        {
            using var progress = new ProgressLine(host.Terminal, "Sampling", "tokens", TokenCount);
            var sampled = host.Terminal.Clock.GetTimestamp();
            pipeline.Generate(
                request,
                Write,
                new DirectProgress<GenerationProgress>(p =>
                {
                    progress.Report(p.Tokens, Note(p));
                    if (p.Tokens < p.TokenCount)
                        return;
                    // The rate is that of sampling; what is still being decoded then has a line of its own.
                    progress.Dispose();
                    sampled = host.Terminal.Clock.GetTimestamp();
                }),
                host.Cancellation);
            host.Terminal.Error.WriteLine($"Decoding: the last image was ready {Duration.Text(host.Terminal.Clock.GetElapsedTime(sampled))} after its last token");
        }
        catch (OperationCanceledException) when (_written.Count > 0)
        {
            host.Terminal.Error.WriteLine($"hita: {_written.Count} of {Wording.Of(request.Classes.Count, "image")} are in {files.Folder}.");
            throw;
        }
        if (_sheet.Count > 1 && sheet is not null)
        {
            ImageWriter.Write(ImageGrid.Compose(_sheet, sheet.Columns), sheet.File);
            host.Terminal.Error.WriteLine($"{sheet.File}: {(_sheet.Count < _written.Count ? $"the first {_sheet.Count}" : "all")} on one sheet");
        }
        return _written;
    }

    private long TokenCount => (long)request.Classes.Count * pipeline.TokensPerImage;

    private static string? Note(GenerationProgress progress) =>
        progress.ImageCount > 1 ? string.Create(CultureInfo.InvariantCulture, $"{progress.Images} of {progress.ImageCount} images") : null;

    private void Write(GeneratedImage image)
    {
        var name = pipeline.Generator.Classes[image.Class];
        var number = request.FirstImage + image.Index;
        var path = files.Of(image.Index);
        ImageWriter.Write(image.Image, path, new ImageWriteOptions { Text = new Dictionary<string, string> { [ImageSettings.Keyword] = pipeline.SettingsOf(request, image).ToText() } });
        _written.Add(new WrittenImage(path, image.Class, name, request.Seed, number));
        if (_sheet.Count < LargestSheet)
            _sheet.Add(image.Image);
        if (!quiet)
            host.Terminal.Line(path);
    }
}
