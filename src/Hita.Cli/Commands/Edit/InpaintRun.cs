using System.CommandLine;
using Hita.Cli.Hosting;
using Hita.Cli.Options;
using Hita.Cli.Output;
using Hita.Editing;
using Hita.Imaging;

namespace Hita.Cli.Commands.Edit;

/// <summary>What the three commands that regenerate parts of images have in common: load, decode, write, report.</summary>
internal static class InpaintRun
{
    /// <summary>The files that an edit will write.</summary>
    public static IEnumerable<string> Files(string output, InpaintOptions options) =>
        Enumerable.Range(1, options.KeepCandidates ? options.Candidates : 0).Select(n => CandidateFile(output, n)).Prepend(output);

    /// <summary>Runs an edit.</summary>
    /// <param name="host">The program.</param>
    /// <param name="parsed">The command line.</param>
    /// <param name="models">Loads the models.</param>
    /// <param name="command">The command's name.</param>
    /// <param name="output">The result's file, checked.</param>
    /// <param name="inputs">The images it is made of.</param>
    /// <param name="settings">Its settings, for the record.</param>
    /// <param name="json">Whether to print JSON.</param>
    /// <param name="edit">The edit.</param>
    public static int Run(
        CommandHost host, ParseResult parsed, PipelineArguments models, string command, string output, IReadOnlyList<EditInput> inputs,
        object settings, bool json, Func<Inpainter, IProgress<EditProgress>, InpaintResult> edit)
    {
        using var pipeline = models.Open(host, parsed, inputs[0].File);
        InpaintResult result;
        var (line, progress) = EditOutput.SamplingProgress(host);
        using (line)
            result = edit(new Inpainter(pipeline), progress);
        var record = new EditSettings(command, pipeline.Tokenizer.ModelHash, pipeline.Generator.ModelHash, models.PrecisionName(parsed), inputs, settings);
        EditOutput.Write(result.Image, output, record);
        var others = Others(result, output, record);
        ModelNotes.TellOfCoarseness(host, result.Windows.Max(static w => w.Box.Width), pipeline.Width);
        if (json)
            JsonOutput.Write(host.Terminal, new Report(output, result.Image.Width, result.Image.Height, [.. result.Windows.Select(Describe)], others));
        else
        {
            foreach (var path in (IEnumerable<string>)[output, .. others])
                host.Terminal.Line(path);
        }
        return ExitCodes.Success;
    }

    // Candidates of the last window; with one window, which is usual, all there are.
    private static List<string> Others(InpaintResult result, string output, EditSettings record)
    {
        var paths = new List<string>();
        foreach (var candidate in result.Windows[^1].Candidates)
        {
            if (candidate.Image is not { } image)
                continue;
            paths.Add(CandidateFile(output, paths.Count + 1));
            EditOutput.Write(image, paths[^1], record);
        }
        return paths;
    }

    private static string CandidateFile(string output, int number) => EditOutput.Beside(output, FormattableString.Invariant($"{number:00}"));

    private static Window Describe(InpaintedWindow window) => new(
        window.Box, window.ScoredCodes, [.. window.Candidates.Select(static c => new Candidate(c.Number, c.LogLikelihood))]);

    private sealed record Report(string File, int Width, int Height, IReadOnlyList<Window> Windows, IReadOnlyList<string> Candidates);

    private sealed record Window(PixelBox Box, int ScoredCodes, IReadOnlyList<Candidate> Candidates);

    private sealed record Candidate(long Number, double LogLikelihood);
}
