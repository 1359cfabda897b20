using System.Buffers.Binary;
using System.IO.MemoryMappedFiles;
using Hita.Runtime;

namespace Hita.Training.TokenCaches;

/// <summary>
/// The codes of a whole set of images, several variants each, read in place from a folder that 'hita tokenize' wrote;
/// docs/token-cache.md describes it. Reading is safe from several threads at once.
/// </summary>
public sealed class TokenCache : IDisposable
{
    /// <summary>The file of codes.</summary>
    internal const string CodesName = "codes.bin";

    /// <summary>The file of classes.</summary>
    internal const string LabelsName = "labels.bin";

    /// <summary>The class of an image that could not be read.</summary>
    internal const int Unreadable = -1;

    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly int[] _images;
    private readonly int[] _labels;

    private TokenCache(string path, TokenCacheInfo info, MemoryMappedFile file, MemoryMappedViewAccessor view, int[] images, int[] labels)
    {
        (Path, Info, _file, _view, _images, _labels) = (path, info, file, view, images, labels);
    }

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <summary>What it holds.</summary>
    public TokenCacheInfo Info { get; }

    /// <summary>Images that could be read when the cache was made.</summary>
    public int Count => _images.Length;

    /// <summary>Whether a folder is a token cache, finished or not.</summary>
    /// <param name="path">The folder.</param>
    public static bool IsCache(string path) => File.Exists(System.IO.Path.Combine(path, TokenCacheInfo.FileName));

    /// <summary>Opens a finished cache.</summary>
    /// <param name="path">The folder.</param>
    /// <exception cref="CheckpointException">It is no cache, not finished, or damaged.</exception>
    public static TokenCache Open(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        var info = TokenCacheInfo.Read(path);
        if (info.Done != info.Images)
            throw new CheckpointException(path, $"the cache holds {info.Done} of {info.Images} images; run 'hita tokenize' again to finish it.");
        var codes = System.IO.Path.Combine(path, CodesName);
        var labels = Labels(path, info);
        try
        {
            if (new FileInfo(codes).Length is var length && length != (Int128)info.Images * info.ImageBytes)
                throw new CheckpointException(codes, $"the file has {length} bytes, not the {(Int128)info.Images * info.ImageBytes} that {TokenCacheInfo.FileName} asks for; make the cache again.");
            var file = MemoryMappedFile.CreateFromFile(codes, FileMode.Open, null, 0, MemoryMappedFileAccess.Read);
            int[] images = [.. Enumerable.Range(0, labels.Length).Where(i => labels[i] != Unreadable)];
            return images.Length > 0
                ? new TokenCache(path, info, file, file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read), images, labels)
                : throw new CheckpointException(path, "none of the cache's images could be read when it was made.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(codes, $"the codes cannot be read: {SystemMessage.Of(e)}.", e);
        }
    }

    /// <summary>The class of an image; 0 in a source without classes.</summary>
    /// <param name="image">0 to <see cref="Count"/> − 1.</param>
    public int ClassAt(int image) => _labels[_images[image]];

    /// <summary>Reads the codes of an image.</summary>
    /// <param name="image">0 to <see cref="Count"/> − 1.</param>
    /// <param name="variant">0 to the number of variants − 1.</param>
    /// <param name="holistic">Receives the holistic codes.</param>
    /// <param name="patches">Receives the patch codes in raster order.</param>
    /// <exception cref="CheckpointException">A code is not in the codebook: the file is damaged.</exception>
    public void Read(int image, int variant, Span<int> holistic, Span<int> patches)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)image, (uint)Count, nameof(image));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)variant, (uint)Info.Variants, nameof(variant));
        if (holistic.Length != Info.HolisticTokenCount || patches.Length != Info.GridHeight * Info.GridWidth)
            throw new ArgumentException($"An image has {Info.HolisticTokenCount} holistic and {Info.GridHeight * Info.GridWidth} patch codes, not {holistic.Length} and {patches.Length}.");
        var at = (_images[image] * Info.ImageBytes) + ((long)variant * Info.CodesPerImage * Info.CodeBytes);
        at = Fill(holistic, at);
        Fill(patches, at);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _view.Dispose();
        _file.Dispose();
    }

    private long Fill(Span<int> codes, long at)
    {
        var bytes = Info.CodeBytes;
        for (var i = 0; i < codes.Length; i++, at += bytes)
        {
            var code = bytes == 2 ? Little(_view.ReadUInt16(at)) : (int)Little(_view.ReadUInt32(at));
            if ((uint)code >= (uint)Info.CodebookSize)
                throw new CheckpointException(Path, $"{CodesName} holds the code {code}, which is not in a codebook of {Info.CodebookSize} entries; make the cache again.");
            codes[i] = code;
        }
        return at;
    }

    private static ushort Little(ushort value) => BitConverter.IsLittleEndian ? value : BinaryPrimitives.ReverseEndianness(value);

    private static uint Little(uint value) => BitConverter.IsLittleEndian ? value : BinaryPrimitives.ReverseEndianness(value);

    private static int[] Labels(string path, TokenCacheInfo info)
    {
        var file = System.IO.Path.Combine(path, LabelsName);
        try
        {
            // Before anything is made of the size that the description claims.
            if (new FileInfo(file).Length is var length && length != (long)info.Images * sizeof(int))
                throw new CheckpointException(file, $"the file has {length} bytes instead of {(long)info.Images * sizeof(int)}; make the cache again.");
            var bytes = File.ReadAllBytes(file);
            var labels = new int[bytes.Length / sizeof(int)];
            for (var i = 0; i < labels.Length; i++)
                labels[i] = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(i * sizeof(int)));
            var classes = Math.Max(1, info.ClassNames.Count);
            return labels.All(l => l >= Unreadable && l < classes)
                ? labels
                : throw new CheckpointException(file, $"a class lies outside the {classes} there are; make the cache again.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(file, $"the classes cannot be read: {SystemMessage.Of(e)}.", e);
        }
    }
}
