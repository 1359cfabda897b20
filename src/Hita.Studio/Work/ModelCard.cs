using Hita.Checkpoints;
using Hita.Server.Jobs;

namespace Hita.Studio.Work;

/// <summary>Finds what a model's makers wrote about it.</summary>
internal static class ModelCard
{
    private const long LargestFile = 512 << 10;

    /// <summary>The README.md of a model's folder, or of the one around it; null where there is none.</summary>
    /// <returns>Foreign text.</returns>
    public static string? Read(ServedModel model)
    {
        foreach (var part in (string[])[model.Source.Generator, model.Source.Tokenizer])
        {
            var path = Path.Combine(BundledModels.Locate(part), "README.md");
            try
            {
                if (new FileInfo(path) is { Exists: true, Length: <= LargestFile })
                    return File.ReadAllText(path);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // A card is worth showing, not worth failing for.
            }
        }
        return null;
    }
}
