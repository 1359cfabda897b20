using Hita.Checkpoints;
using Hita.Imaging;
using Hita.Runtime;

namespace Hita.Metrics.Archives;

/// <summary>
/// Reads the images of a sample archive, an <c>.npz</c> with <c>arr_0</c> of uint8 <c>[n, height, width, 3]</c>, one after the
/// other; an archive of any size takes the memory of one image.
/// </summary>
public sealed class ImageArchiveReader : IDisposable
{
    /// <summary>The name that NumPy gives to an unnamed array, and that sample archives use.</summary>
    public const string DefaultName = "arr_0";

    private readonly NpzReader _archive;
    private readonly NpyReader _array;

    private ImageArchiveReader(NpzReader archive, string name)
    {
        _archive = archive;
        _array = archive.OpenArray(name);
        var header = _array.Header;
        var fits = header is { Type: TensorType.UInt8, Shape: [> 0, > 0, > 0, Image.Channels] }
            && header.Shape[1] <= int.MaxValue && header.Shape[2] <= int.MaxValue
            && header.ByteLength / header.Shape[0] <= Array.MaxLength;
        if (!fits || header.FortranOrder)
        {
            var reason = fits ? "has its images interleaved (Fortran order); save it with numpy.ascontiguousarray"
                : $"is {header.Type.PlainName()} {MessageText.Short(header.ShapeText)} where images are uint8 [n, height, width, 3]";
            _array.Dispose();
            throw new ArchiveException(archive.Path, $"the array '{MessageText.Short(name)}' {reason}.");
        }
        Count = header.Shape[0];
        (Height, Width) = ((int)header.Shape[1], (int)header.Shape[2]);
    }

    /// <summary>Images in the archive.</summary>
    public long Count { get; }

    /// <summary>Width of every image in pixels.</summary>
    public int Width { get; }

    /// <summary>Height of every image in pixels.</summary>
    public int Height { get; }

    /// <summary>Images read so far; the next one has this number.</summary>
    public long Position { get; private set; }

    /// <summary>Opens an archive and checks that it holds images.</summary>
    /// <param name="path">The file.</param>
    /// <param name="name">The array's name.</param>
    /// <exception cref="ArchiveException">It cannot be opened, is damaged, or the array does not hold images.</exception>
    public static ImageArchiveReader Open(string path, string name = DefaultName)
    {
        var archive = NpzReader.Open(path);
        try
        {
            return new ImageArchiveReader(archive, name);
        }
        catch
        {
            archive.Dispose();
            throw;
        }
    }

    /// <summary>The next image, or null after the last.</summary>
    /// <exception cref="ArchiveException">The archive is damaged; with the last image its checksum is compared.</exception>
    public Image? Next()
    {
        if (Position == Count)
            return null;
        var pixels = new byte[Width * Height * Image.Channels];
        _array.Read(pixels);
        Position++;
        return new Image(Width, Height, pixels);
    }

    /// <summary>The next images: as many as asked for, fewer at the end, none after it.</summary>
    /// <param name="maxCount">How many at most, 1 or more.</param>
    /// <exception cref="ArchiveException">The archive is damaged.</exception>
    public IReadOnlyList<Image> NextBatch(int maxCount)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxCount, 1);
        var batch = new List<Image>((int)Math.Min(maxCount, Count - Position));
        while (batch.Count < maxCount && Next() is { } image)
            batch.Add(image);
        return batch;
    }

    /// <summary>Leaves images out.</summary>
    /// <param name="count">How many, at most those that are left.</param>
    /// <exception cref="ArchiveException">The archive is damaged.</exception>
    public void Skip(long count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Count - Position);
        _array.Skip(count * Width * Height * Image.Channels);
        Position += count;
    }

    /// <summary>Closes the file.</summary>
    public void Dispose()
    {
        _array.Dispose();
        _archive.Dispose();
    }
}

/// <summary>
/// Writes images as a sample archive, an <c>.npz</c> with <c>arr_0</c> of uint8 <c>[n, height, width, 3]</c>, one after the
/// other; nothing but the current image is held. The file appears when it is complete.
/// </summary>
public sealed class ImageArchiveWriter : IDisposable
{
    private readonly NpzWriter _archive;
    private readonly int _width;
    private readonly int _height;
    private readonly long _count;

    /// <summary>Starts the archive.</summary>
    /// <param name="path">Where it will appear; its folder is created.</param>
    /// <param name="count">How many images will come, 1 or more: NumPy's header names it before the images.</param>
    /// <param name="width">Width of every image in pixels.</param>
    /// <param name="height">Height of every image in pixels.</param>
    /// <exception cref="CheckpointException">The file cannot be written.</exception>
    public ImageArchiveWriter(string path, long count, int width, int height)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        (_count, _width, _height) = (count, width, height);
        _archive = new NpzWriter(path);
        _archive.Begin(ImageArchiveReader.DefaultName, TensorType.UInt8, count, height, width, Image.Channels);
    }

    /// <summary>Images written so far.</summary>
    public long Position { get; private set; }

    /// <summary>Appends an image.</summary>
    /// <param name="image">An image of the archive's size.</param>
    /// <exception cref="ArgumentException">It has another size, or all images have been written.</exception>
    /// <exception cref="CheckpointException">The file cannot be written.</exception>
    public void Add(Image image)
    {
        ArgumentNullException.ThrowIfNull(image);
        if (image.Width != _width || image.Height != _height)
            throw new ArgumentException($"The archive holds images of {_width}×{_height}, not {image.Width}×{image.Height}.", nameof(image));
        if (Position == _count)
            throw new ArgumentException($"The archive was started for {_count} images, and all have been written.", nameof(image));
        _archive.Write(image.Pixels);
        Position++;
    }

    /// <summary>Checks that all images have come, and puts the file in its place.</summary>
    /// <exception cref="InvalidOperationException">Images are missing.</exception>
    /// <exception cref="CheckpointException">The file cannot be written.</exception>
    public void Complete()
    {
        if (Position < _count)
            throw new InvalidOperationException($"The archive was started for {_count} images, and only {Position} were written.");
        _archive.Complete();
    }

    /// <summary>Removes the unfinished file, if <see cref="Complete"/> was not called.</summary>
    public void Dispose() => _archive.Dispose();
}
