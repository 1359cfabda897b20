using Hita.Studio.Settings;

namespace Hita.Studio.Sessions;

/// <summary>The images of one visitor, the newest first. Safe to use from any thread.</summary>
/// <param name="options">How many are kept.</param>
public sealed class Gallery(StudioOptions options)
{
    private readonly Lock _lock = new();
    private readonly LinkedList<GalleryImage> _images = new();
    private long _bytes;

    /// <summary>Something was added or removed; raised on the thread that did it.</summary>
    public event Action? Changed;

    /// <summary>The images, the newest first.</summary>
    public IReadOnlyList<GalleryImage> Images
    {
        get
        {
            lock (_lock)
                return [.. _images];
        }
    }

    /// <summary>An image by its name; null where there is none of it.</summary>
    /// <param name="id"><see cref="GalleryImage.Id"/>.</param>
    public GalleryImage? Find(string id)
    {
        lock (_lock)
            return _images.FirstOrDefault(i => i.Id == id);
    }

    /// <summary>Adds an image in front; the oldest ones make room.</summary>
    /// <param name="image">The image.</param>
    public void Add(GalleryImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        lock (_lock)
        {
            _images.AddFirst(image);
            _bytes += image.Bytes;
            // The newest one stays whatever its size.
            while (_images.Count > 1 && (_images.Count > options.MaxGalleryImages || _bytes > options.MaxGalleryBytes))
            {
                _bytes -= _images.Last!.Value.Bytes;
                _images.RemoveLast();
            }
        }
        Changed?.Invoke();
    }

    /// <summary>Removes an image, where it is there.</summary>
    /// <param name="image">The image.</param>
    public void Remove(GalleryImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        lock (_lock)
        {
            if (_images.Remove(image))
                _bytes -= image.Bytes;
        }
        Changed?.Invoke();
    }
}
