using System.Text.Json;
using System.Text.Json.Serialization;
using Hita.Evaluation.Reports;
using Hita.Imaging;
using Hita.Runtime;

namespace Hita.Studies;

/// <summary>Writes what a study found.</summary>
internal static class StudyFiles
{
    private static readonly JsonSerializerOptions Json = new(ConfigJson.Options)
    {
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    /// <param name="folder">Where.</param>
    /// <param name="report">All results.</param>
    /// <param name="markdown">What a person reads.</param>
    /// <param name="sheet">Images; null for none.</param>
    /// <param name="plots">Plots by file name; null for none.</param>
    public static void Write<T>(string folder, T report, string markdown, Image? sheet, IEnumerable<KeyValuePair<string, string>>? plots = null)
    {
        Directory.CreateDirectory(folder);
        AtomicFile.WriteText(Path.Combine(folder, "report.json"), JsonSerializer.Serialize(report, Json) + "\n");
        AtomicFile.WriteText(Path.Combine(folder, "report.md"), markdown);
        if (sheet is not null)
            ImageWriter.Write(sheet, Path.Combine(folder, "sheet.png"));
        foreach (var (name, plot) in plots ?? [])
            AtomicFile.WriteText(Path.Combine(folder, name), PagePlots.Standalone(plot));
        Console.WriteLine(markdown);
    }
}
