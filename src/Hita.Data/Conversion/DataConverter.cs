using Hita.Data.Sources;
using Hita.Imaging;
using Hita.Runtime;

namespace Hita.Data.Conversion;

/// <summary>Writes a set of images in another format.</summary>
/// <remarks>
/// Everything is written into a folder beside the wanted one, which is renamed at the end: the wanted folder is there whole or
/// not at all. Every image is decoded once, so that what cannot be read is left out and named.
/// </remarks>
public static class DataConverter
{
    private const int Together = 64;

    /// <summary>Writes a set.</summary>
    /// <param name="source">The set.</param>
    /// <param name="folder">The folder to write; it must not exist, or be empty.</param>
    /// <param name="options">The format and what to do with the images.</param>
    /// <param name="progress">Gets how many images are done.</param>
    /// <param name="cancellation">Asks to stop; nothing is left behind then.</param>
    /// <exception cref="ConfigException">The settings have faults.</exception>
    /// <exception cref="DataException">The folder is in use or cannot be written, not one image can be read, or the part has none.</exception>
    public static ConversionResult Convert(
        IImageSource source, string folder, ConversionOptions? options = null, IProgress<int>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentException.ThrowIfNullOrEmpty(folder);
        options = (options ?? new()).Validate();
        var place = Path.GetFullPath(folder);
        if (File.Exists(place) || (Directory.Exists(place) && Directory.EnumerateFileSystemEntries(place).Any()))
            throw new DataException(folder, "this exists already and is not empty; name a new folder.");
        if (Path.GetDirectoryName(place) is null)
            throw new DataException(folder, "this is no folder that can be written.");
        try
        {
            using var staging = new AtomicFolder(place);
            var (written, unreadable) = Write(source, staging.StagingFolder, options, progress, cancellation);
            if (written == 0)
                throw new DataException(source.Description, $"not one image can be read; the first is {unreadable[0].TrimEnd('.')}.");
            var files = Directory.GetFiles(staging.StagingFolder, "*", SearchOption.AllDirectories);
            var result = new ConversionResult(written, unreadable, files.Length, files.Sum(static f => new FileInfo(f).Length));
            staging.Complete();
            return result;
        }
        catch (IOException e)
        {
            // It names a file in the folder that is written first, which its user never sees.
            throw new DataException(folder, $"the set cannot be written: {DiskFault.Reason(e)}; {(DiskFault.IsFull(e) ? "free some space or choose another place" : "choose another place")}.", e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new DataException(folder, "the folder may not be written here; check the permissions.", e);
        }
    }

    /// <summary>As <see cref="Convert"/>, on another thread.</summary>
    /// <inheritdoc cref="Convert" path="/param"/>
    /// <inheritdoc cref="Convert" path="/exception"/>
    public static Task<ConversionResult> ConvertAsync(
        IImageSource source, string folder, ConversionOptions? options = null, IProgress<int>? progress = null,
        CancellationToken cancellation = default) =>
        Background.Run(() => Convert(source, folder, options, progress, cancellation), cancellation);

    private static (int Written, List<string> Unreadable) Write(
        IImageSource source, string folder, ConversionOptions options, IProgress<int>? progress, CancellationToken cancellation)
    {
        var unreadable = new List<string>();
        var written = 0;
        var chosen = Chosen(source, options);
        var items = new Item[Together];
        var reading = new ParallelOptions { CancellationToken = cancellation, MaxDegreeOfParallelism = options.Threads ?? -1 };
        using var writer = CreateWriter(source, folder, options);
        for (var first = 0; first < chosen.Length; first += Together)
        {
            var count = Math.Min(Together, chosen.Length - first);
            // Decoding is what takes time; writing keeps the order.
            Parallel.For(0, count, reading, i => items[i] = Prepare(source, chosen[first + i], options));
            foreach (var (file, extension, label, fault) in items.AsSpan(0, count))
            {
                if (fault is null)
                    writer.Add(written++, file, extension, label);
                else
                    unreadable.Add(fault);
            }
            progress?.Report(first + count);
        }
        writer.Complete();
        if (source.ClassNames.Count > 0 && options.Format is DataFormat.Tar)
            File.WriteAllLines(Path.Combine(folder, ClassNameFile.Name), source.ClassNames.Select(ClassNameFile.Line));
        return (written, unreadable);
    }

    private static int[] Chosen(IImageSource source, ConversionOptions options)
    {
        if (options.Part == SetPart.All)
            return [.. Enumerable.Range(0, source.Count)];
        var seen = new Dictionary<int, int>();
        var chosen = new List<int>();
        for (var i = 0; i < source.Count; i++)
        {
            var number = seen[source.ClassAt(i)] = seen.GetValueOrDefault(source.ClassAt(i)) + 1;
            if (number % options.HoldOutEvery == 0 == (options.Part == SetPart.HeldOut))
                chosen.Add(i);
        }
        return chosen.Count > 0
            ? [.. chosen]
            : throw new DataException(source.Description, $"no class has {options.HoldOutEvery} images, so that none would be held out; name a smaller interval.");
    }

    private static IImageSetWriter CreateWriter(IImageSource source, string folder, ConversionOptions options) => options.Format switch
    {
        DataFormat.Tar => new TarSetWriter(folder, source.ClassNames.Count > 0, options.ImagesPerShard),
        DataFormat.Parquet => new ParquetSetWriter(folder, source.ClassNames, options.ImagesPerShard),
        DataFormat.Folder => new FolderSetWriter(folder, []),
        _ => new FolderSetWriter(folder, source.ClassNames),
    };

    private static Item Prepare(IImageSource source, int index, ConversionOptions options)
    {
        try
        {
            var label = source.ClassAt(index);
            if (options.Size is null && source is ImageFileSource encoded)
            {
                using var file = encoded.ReadEncoded(index);
                ImageDecoder.Decode(file.Bytes, encoded.NameAt(index), encoded.DecodeOptions);
                return new(file.Bytes.ToArray(), Extension(file.Bytes, encoded.NameAt(index)), label, null);
            }
            var image = source.Read(index);
            using var stream = new MemoryStream();
            ImageWriter.Write(options.Size is { } size ? AdmCrops.Center(image, size) : image, stream, ImageFormat.Png);
            return new(stream.ToArray(), ".png", label, null);
        }
        catch (Exception e) when (UnreadableImages.IsFault(e))
        {
            return new([], "", 0, e.Message);
        }
    }

    private static string Extension(ReadOnlySpan<byte> file, string name) => ImageHeader.Read(file, name).Format switch
    {
        ImageFormat.Jpeg => ".jpg",
        ImageFormat.Png => ".png",
        ImageFormat.Webp => ".webp",
        ImageFormat.Gif => ".gif",
        _ => ".bmp",
    };

    private readonly record struct Item(byte[] File, string Extension, int Label, string? Fault);
}
