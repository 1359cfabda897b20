using Hita.Imaging;

namespace Hita.Data;

/// <summary>A source whose images are trimmed or squared when they are read. It owns the source behind it.</summary>
internal sealed class PreparedSource(IImageSource whole, PreparationOptions options) : IImageSource
{
    /// <inheritdoc/>
    public string Description => $"{whole.Description}{(options.Trim == BorderCut.None ? "" : ", trimmed")}{(options.Square == SquareMethod.Pad ? ", squared" : "")}";

    /// <inheritdoc/>
    public int Count => whole.Count;

    /// <inheritdoc/>
    public IReadOnlyList<string> ClassNames => whole.ClassNames;

    /// <inheritdoc/>
    public IReadOnlyList<string> Notes => whole.Notes;

    /// <inheritdoc/>
    public IReadOnlyList<int> PartStarts => whole.PartStarts;

    /// <inheritdoc/>
    public int PartsTogether => whole.PartsTogether;

    /// <inheritdoc/>
    public int ClassAt(int index) => whole.ClassAt(index);

    /// <inheritdoc/>
    public string NameAt(int index) => whole.NameAt(index);

    /// <inheritdoc/>
    public Image Read(int index) => options.Apply(whole.Read(index));

    /// <inheritdoc/>
    public void Dispose() => whole.Dispose();
}
