namespace Hita.Data.Conversion;

/// <summary>Writes a set of images in one of the formats, one image after the other.</summary>
internal interface IImageSetWriter : IDisposable
{
    /// <summary>Adds an image.</summary>
    /// <param name="number">Its number, from 0 without gaps.</param>
    /// <param name="file">The image file.</param>
    /// <param name="extension">What the file's name ends in, with the dot.</param>
    /// <param name="label">Its class.</param>
    void Add(int number, ReadOnlySpan<byte> file, string extension, int label);

    /// <summary>Writes what comes last.</summary>
    void Complete();
}
