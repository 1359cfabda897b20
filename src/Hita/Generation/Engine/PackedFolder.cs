using Hita.Checkpoints;

namespace Hita.Generation.Engine;

/// <summary>Where a model's packed weights are kept.</summary>
internal static class PackedFolder
{
    /// <summary>The folder inside the model's own, where it holds packed weights already or can be written.</summary>
    /// <param name="modelFolder">The generator's folder.</param>
    /// <returns>Null where it cannot be used; the user's cache serves then.</returns>
    public static string? Beside(string modelFolder)
    {
        var folder = Path.Combine(modelFolder, ModelFolder.PackedName);
        try
        {
            if (Directory.Exists(folder) && Directory.EnumerateFiles(folder, "*.packed").Any())
                return folder;
            var created = !Directory.Exists(folder);
            Directory.CreateDirectory(folder);
            if (created)
                return folder;
            using var probe = new FileStream(
                Path.Combine(folder, $".{Guid.NewGuid():N}.tmp"), FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose);
            return folder;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
