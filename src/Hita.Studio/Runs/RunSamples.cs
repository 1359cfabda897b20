using Hita.Imaging;
using Hita.Runtime;

namespace Hita.Studio.Runs;

/// <summary>The sample images of a run.</summary>
internal static class RunSamples
{
    private const int MaxSamples = 500;
    private const int LargestSide = 1024;

    /// <summary>The files, the oldest first.</summary>
    /// <param name="run">The run.</param>
    public static IReadOnlyList<string> Of(RunEntry run)
    {
        var folder = Path.Combine(run.Folder, "samples");
        try
        {
            return Directory.Exists(folder) ? [.. Directory.EnumerateFiles(folder, "*.png").OrderBy(StepOf).ThenBy(static f => f, StringComparer.Ordinal).TakeLast(MaxSamples)] : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>Reads one, by the same decoder as uploads.</summary>
    /// <returns>The image, of a size that a page can use; null where it cannot be read now.</returns>
    public static Image? Read(string file)
    {
        try
        {
            var image = ImageDecoder.Decode(file, new ImageDecodeOptions { MaxPixels = 64_000_000 });
            var scale = Math.Min(1.0, (double)LargestSide / Math.Max(image.Width, image.Height));
            return scale == 1 ? image : image.Resize(Math.Max((int)(image.Width * scale), 1), Math.Max((int)(image.Height * scale), 1));
        }
        catch (Exception e) when (e is HitaException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    // Names end with the step, as in samples-00001000.png.
    private static long StepOf(string file)
    {
        var name = Path.GetFileNameWithoutExtension(file);
        return long.TryParse(name[(name.LastIndexOf('-') + 1)..], System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var step) ? step : 0;
    }
}
