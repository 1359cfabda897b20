using System.Text.Json;
using System.Text.Json.Serialization;
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

    public static void Write<T>(string folder, T report, string markdown, Picture? sheet)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "report.json"), JsonSerializer.Serialize(report, Json) + "\n");
        File.WriteAllText(Path.Combine(folder, "report.md"), markdown);
        if (sheet is not null)
            PictureWriter.Write(sheet, Path.Combine(folder, "sheet.png"));
        Console.WriteLine(markdown);
    }
}
