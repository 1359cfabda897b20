using Hita.Data;
using Hita.Imaging;

namespace Hita.Tests.Evaluation.Runs;

/// <summary>Images whose class is their main colour; no two are the same.</summary>
internal sealed class ColourSource(int count, int classes, int side = 64, Func<int, int>? classOf = null) : IImageSource
{
    public string Description => $"{count} colours in {classes} classes";

    public int Count => count;

    public IReadOnlyList<string> ClassNames { get; } = [.. Enumerable.Range(0, classes).Select(static c => $"colour {c}")];

    /// <summary>Reads so far, also those that fail.</summary>
    public int Reads => _reads;

    private int _reads;

    public int ClassAt(int index) => classOf?.Invoke(index) ?? index % classes;

    public string NameAt(int index) => $"image {index}";

    public Image Read(int index)
    {
        Interlocked.Increment(ref _reads);
        var random = new Random(index);
        var image = new Image(side, side);
        random.NextBytes(image.Pixels);
        var main = ClassAt(index) % 3;
        for (var at = 0; at < image.Pixels.Length; at++)
            image.Pixels[at] = (byte)((image.Pixels[at] / 4) + (at % 3 == main ? 180 : 10));
        return image;
    }

    public void Dispose()
    {
    }
}
