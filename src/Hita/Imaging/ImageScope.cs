using System.Buffers;

namespace Hita.Imaging;

/// <summary>
/// While a scope is open, the pixels of every new image of this thread lie in pooled memory that the scope takes back when it
/// is closed.
/// </summary>
/// <remarks>
/// Reading a photo for training makes half a dozen large images that live for milliseconds. Left to the garbage collector they
/// would cause a full collection every few photos, and collections are what tensor code must be spared. No image made inside
/// may be used after the scope is closed; copy what is to stay.
/// </remarks>
internal sealed class ImageScope
{
    [ThreadStatic]
    private static ImageScope? _current;

    private readonly List<byte[]> _rented = [];

    /// <summary>Opens the scope on this thread; scopes do not nest.</summary>
    public void Open() => _current = this;

    /// <summary>Closes the scope: the images made since it was opened are gone.</summary>
    public void Close()
    {
        _current = null;
        foreach (var pixels in _rented)
            ArrayPool<byte>.Shared.Return(pixels);
        _rented.Clear();
    }

    /// <summary>Zeros from the open scope of this thread, at least as many as asked for; null where none is open.</summary>
    public static byte[]? Rent(int bytes)
    {
        if (_current is not { } scope)
            return null;
        var pixels = ArrayPool<byte>.Shared.Rent(bytes);
        scope._rented.Add(pixels);
        pixels.AsSpan(0, bytes).Clear();
        return pixels;
    }
}
