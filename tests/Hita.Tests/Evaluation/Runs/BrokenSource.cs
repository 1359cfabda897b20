using Hita.Data;
using Hita.Imaging;
using Hita.Runtime;

namespace Hita.Tests.Evaluation.Runs;

/// <summary>A source with images that cannot be read; or, with <paramref name="leaveOut"/>, the same source without them.</summary>
internal sealed class BrokenSource(ColourSource source, Func<int, bool> isBroken, bool leaveOut = false) : IImageSource
{
    private readonly int[] _indices = [.. Enumerable.Range(0, source.Count).Where(i => !leaveOut || !isBroken(i))];

    public string Description => source.Description;

    public int Count => _indices.Length;

    public IReadOnlyList<string> ClassNames => source.ClassNames;

    public int ClassAt(int index) => source.ClassAt(_indices[index]);

    public string NameAt(int index) => source.NameAt(_indices[index]);

    public Image Read(int index) => isBroken(_indices[index]) ? throw new ImageException(NameAt(index), "it is broken.") : source.Read(_indices[index]);

    public void Dispose() => source.Dispose();
}
