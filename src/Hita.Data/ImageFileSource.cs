using Hita.Imaging;
using Hita.Runtime;

namespace Hita.Data;

/// <summary>A source that stores image files, in whatever container, and decodes them when they are read.</summary>
public abstract class ImageFileSource : IImageSource
{
    /// <summary>Creates the source.</summary>
    /// <param name="options">How images are decoded, and which are refused for their size.</param>
    private protected ImageFileSource(ImageDecodeOptions options) => DecodeOptions = options;

    /// <summary>How images are decoded, and which are refused for their size.</summary>
    public ImageDecodeOptions DecodeOptions { get; }

    /// <inheritdoc/>
    public abstract string Description { get; }

    /// <inheritdoc/>
    public abstract int Count { get; }

    /// <inheritdoc/>
    public abstract IReadOnlyList<string> ClassNames { get; }

    /// <inheritdoc/>
    public virtual IReadOnlyList<string> Notes => [];

    /// <inheritdoc/>
    public virtual IReadOnlyList<int> PartStarts => [];

    /// <inheritdoc/>
    public virtual int PartsTogether => 1;

    /// <inheritdoc/>
    public abstract int ClassAt(int index);

    /// <inheritdoc/>
    public abstract string NameAt(int index);

    /// <summary>The image file as it is stored.</summary>
    /// <param name="index">0 to <see cref="Count"/> − 1.</param>
    /// <exception cref="HitaException">It cannot be read; the message names it.</exception>
    public EncodedImage ReadEncoded(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
        try
        {
            return Fetch(index);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ImageException(NameAt(index), Sentence(e), e);
        }
    }

    /// <inheritdoc/>
    public Image Read(int index)
    {
        using var file = ReadEncoded(index);
        return ImageDecoder.Decode(file.Bytes, NameAt(index), DecodeOptions);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Close();
        GC.SuppressFinalize(this);
    }

    /// <summary>Reads a file; the index is in range.</summary>
    private protected abstract EncodedImage Fetch(int index);

    /// <summary>Closes what is open.</summary>
    private protected virtual void Close()
    {
    }

    /// <summary>Room for a file, unless it is longer than the limit.</summary>
    private protected EncodedImage Room(int index, long length) => length <= DecodeOptions.MaxFileBytes
        ? EncodedImage.Rent((int)length)
        : throw ImageBytes.TooLarge(NameAt(index), length, DecodeOptions.MaxFileBytes);

    private static string Sentence(Exception e) => e switch
    {
        FileNotFoundException or DirectoryNotFoundException => "The file is no longer there.",
        UnauthorizedAccessException => "The file may not be read; check its permissions.",
        _ => $"The file cannot be read: {e.Message.TrimEnd('.')}.",
    };
}
