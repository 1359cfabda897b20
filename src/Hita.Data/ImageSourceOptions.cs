using Hita.Imaging;

namespace Hita.Data;

/// <summary>How a set of images is opened.</summary>
public sealed record ImageSourceOptions
{
    /// <summary>How the set is stored; told by what the path is where null.</summary>
    public DataFormat? Format { get; init; }

    /// <summary>How images are decoded, and which are refused for their size; <see cref="ImageDecodeOptions.Photo"/> unless set.</summary>
    public ImageDecodeOptions Decoding { get; init; } = ImageDecodeOptions.Photo;

    /// <summary>What is done with every image when it is read; nothing unless set.</summary>
    public PreparationOptions Preparation { get; init; } = new();

    /// <summary>Width and height of the images of the built-in set in pixels, 8 to 2048; 64 unless set.</summary>
    public int MaterialsSize { get; init; } = 64;
}
