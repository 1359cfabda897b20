using System.Security.Cryptography;
using Hita.Data;
using Hita.Evaluation.Protocols;
using Hita.Imaging;
using Hita.Metrics.Archives;
using Hita.Runtime;

namespace Hita.Evaluation.Runs;

/// <summary>A finite list of images that is read in order, from any place on, a batch at a time.</summary>
public abstract class ImageSeries
{
    /// <summary>What it is, for reports.</summary>
    public abstract string Description { get; }

    /// <summary>Images.</summary>
    public abstract int Count { get; }

    /// <summary>Reads.</summary>
    /// <param name="first">The first image, 0 to <see cref="Count"/>.</param>
    /// <param name="batchSize">Images a batch.</param>
    /// <param name="cancellation">Stops before the next batch.</param>
    /// <returns>Batches; an image that cannot be read is left out of its batch and named in it.</returns>
    /// <exception cref="HitaException">Nothing more can be read.</exception>
    public abstract IEnumerable<EvaluationBatch> Read(int first, int batchSize, CancellationToken cancellation);

    /// <summary>The images of a sample archive.</summary>
    /// <param name="path">The archive.</param>
    /// <param name="size">The side that images are brought to, antialiased; 0 leaves them.</param>
    /// <param name="maxCount">The largest number of images to read, from the start.</param>
    /// <exception cref="ArchiveException">It holds no images.</exception>
    public static ImageSeries Archive(string path, int size, int? maxCount = null) => new ArchiveSeries(path, size, maxCount);

    /// <summary>Centre squares of a source's images, cut as the ADM protocol does.</summary>
    /// <param name="source">The source; it must outlive the series.</param>
    /// <param name="crop">The side that is cut.</param>
    /// <param name="size">The side that the cut is brought to afterwards, antialiased; 0 leaves it.</param>
    /// <param name="maxCount">The largest number of images to read: an even choice of them.</param>
    public static ImageSeries Source(IImageSource source, int crop, int size, int? maxCount = null) => new SourceSeries(source, crop, size, maxCount);

    private sealed class ArchiveSeries : ImageSeries
    {
        private readonly string _path;
        private readonly int _size;

        public ArchiveSeries(string path, int size, int? most)
        {
            using var reader = ImageArchiveReader.Open(path);
            if (reader.Count > int.MaxValue)
                throw new ArchiveException(path, $"the archive holds {reader.Count} images, which is more than can be measured.");
            (_path, _size, Count) = (path, size, (int)Math.Min(reader.Count, most ?? int.MaxValue));
            Description = Path.GetFileName(path);
        }

        public override string Description { get; }

        public override int Count { get; }

        public override IEnumerable<EvaluationBatch> Read(int first, int batchSize, CancellationToken cancellation)
        {
            using var reader = ImageArchiveReader.Open(_path);
            reader.Skip(first);
            for (var left = Count - first; left > 0;)
            {
                cancellation.ThrowIfCancellationRequested();
                var batch = reader.NextBatch(Math.Min(left, batchSize));
                left -= batch.Count;
                yield return new EvaluationBatch { Images = [.. batch.Select(p => SampleDecoder.ToSize(p, _size))] };
            }
        }
    }

    private sealed class SourceSeries(IImageSource source, int crop, int size, int? most) : ImageSeries
    {
        private readonly int[] _chosen = ImageStream.Choose(source, most ?? int.MaxValue);

        public override string Description => _chosen.Length == source.Count ? source.Description : $"{source.Description}, {_chosen.Length} of {source.Count}";

        public override int Count => _chosen.Length;

        public override IEnumerable<EvaluationBatch> Read(int first, int batchSize, CancellationToken cancellation) =>
            ImageStream.Read(first, Count, batchSize, i => ReadOne(_chosen[i]), cancellation).Select(ToBatch);

        private Item ReadOne(int index)
        {
            try
            {
                return new Item(SampleDecoder.ToSize(AdmCrops.Center(source.Read(index), crop), size), source.ClassAt(index), null);
            }
            catch (Exception e) when (UnreadableImages.IsFault(e))
            {
                return new Item(null, 0, e.Message);
            }
        }

        private EvaluationBatch ToBatch(IReadOnlyList<Item> items)
        {
            var read = items.Where(static i => i.Image is not null).ToList();
            return new EvaluationBatch
            {
                Images = [.. read.Select(static i => i.Image!)],
                Classes = source.ClassNames.Count > 0 ? [.. read.Select(static i => i.Class)] : [],
                Unreadable = [.. items.Select(static i => i.Fault).OfType<string>()],
            };
        }

        private readonly record struct Item(Image? Image, int Class, string? Fault);
    }
}

/// <summary>Identifies files by what is in them.</summary>
internal static class FileHash
{
    /// <summary>The first 32 hexadecimal digits of the SHA-256 of a file.</summary>
    /// <exception cref="HitaException">It cannot be read.</exception>
    public static string Of(string path)
    {
        try
        {
            using var stream = File.OpenRead(path);
            return Convert.ToHexStringLower(SHA256.HashData(stream))[..32];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ArchiveException(path, $"the file cannot be read: {SystemMessage.Of(e)}.", e);
        }
    }
}
