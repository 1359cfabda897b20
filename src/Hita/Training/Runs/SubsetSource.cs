using Hita.Data;
using Hita.Imaging;

namespace Hita.Training.Runs;

/// <summary>Some pictures of another source, in its order.</summary>
internal sealed class SubsetSource : IImageSource
{
    private readonly IImageSource _whole;
    private readonly int[] _indices;
    private readonly string _what;
    private readonly bool _owns;

    private SubsetSource(IImageSource whole, int[] indices, string what, bool owns)
    {
        (_whole, _indices, _what, _owns) = (whole, indices, what, owns);
        PartStarts = Parts(whole.PartStarts, indices);
    }

    public string Description => $"{_what} of {_whole.Description}";

    public int Count => _indices.Length;

    public IReadOnlyList<string> ClassNames => _whole.ClassNames;

    public IReadOnlyList<string> Notes => _whole.Notes;

    public IReadOnlyList<int> PartStarts { get; }

    /// <summary>Holds pictures out, evenly spread over the source, so that classes that lie together give their share.</summary>
    /// <param name="whole">The source; the first part of the result owns it.</param>
    /// <param name="heldOut">How many, 1 to one less than the source has.</param>
    public static (SubsetSource Kept, SubsetSource HeldOut) Split(IImageSource whole, int heldOut)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(heldOut, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(heldOut, whole.Count);
        var held = new int[heldOut];
        for (var i = 0; i < heldOut; i++)
            held[i] = (int)(((2L * i) + 1) * whole.Count / (2L * heldOut));
        var isHeld = held.ToHashSet();
        int[] rest = [.. Enumerable.Range(0, whole.Count).Where(i => !isHeld.Contains(i))];
        return (new(whole, rest, $"{rest.Length} pictures", owns: true), new(whole, held, $"{heldOut} pictures held out", owns: false));
    }

    public int ClassAt(int index) => _whole.ClassAt(_indices[index]);

    public string NameAt(int index) => _whole.NameAt(_indices[index]);

    public Picture Read(int index) => _whole.Read(_indices[index]);

    public void Dispose()
    {
        if (_owns)
            _whole.Dispose();
    }

    private static int[] Parts(IReadOnlyList<int> starts, int[] indices)
    {
        var parts = new int[starts.Count];
        for (var i = 0; i < parts.Length; i++)
        {
            var at = Array.BinarySearch(indices, starts[i]);
            parts[i] = at < 0 ? ~at : at;
        }
        return parts;
    }
}
