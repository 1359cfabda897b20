using Hita.Imaging;
using Hita.Runtime;

namespace Hita.Data.Checking;

/// <summary>Reads every image of a set and tells what is wrong with it before training does.</summary>
public static class DataChecker
{
    /// <summary>Checks a set.</summary>
    /// <param name="source">The set.</param>
    /// <param name="threads">Threads that read, at least 1; as many as there are processors where null.</param>
    /// <param name="progress">Gets how many images are done.</param>
    /// <param name="cancellation">Asks to stop.</param>
    public static DataReport Check(
        IImageSource source, int? threads = null, IProgress<int>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentOutOfRangeException.ThrowIfLessThan(threads ?? 1, 1, nameof(threads));
        var prints = new ImageFingerprint?[source.Count];
        var sizes = new (int Width, int Height)[source.Count];
        var faults = new string?[source.Count];
        var labels = new int[source.Count];
        var done = 0;
        Parallel.For(
            0,
            source.Count,
            new ParallelOptions { CancellationToken = cancellation, MaxDegreeOfParallelism = threads ?? -1 },
            static () => new ImageScope(),
            (i, _, scope) =>
            {
                faults[i] = Look(source, i, scope, ref prints[i], ref sizes[i], ref labels[i]);
                progress?.Report(Interlocked.Increment(ref done));
                return scope;
            },
            static _ => { });
        return Report(source, prints, sizes, faults, labels, cancellation);
    }

    /// <summary>As <see cref="Check"/>, on another thread.</summary>
    /// <inheritdoc cref="Check" path="/param"/>
    /// <inheritdoc cref="Check" path="/exception"/>
    public static Task<DataReport> CheckAsync(IImageSource source, int? threads = null, IProgress<int>? progress = null, CancellationToken cancellation = default) =>
        Background.Run(() => Check(source, threads, progress, cancellation), cancellation);

    private static string? Look(IImageSource source, int index, ImageScope scope, ref ImageFingerprint? print, ref (int, int) size, ref int label)
    {
        scope.Open();
        try
        {
            label = source.ClassAt(index);
            var image = source.Read(index);
            size = (image.Width, image.Height);
            print = ImageFingerprint.Of(image);
            return null;
        }
        catch (Exception e) when (UnreadableImages.IsFault(e))
        {
            return e.Message;
        }
        finally
        {
            scope.Close();
        }
    }

    private static DataReport Report(
        IImageSource source, ImageFingerprint?[] prints, (int Width, int Height)[] sizes, string?[] faults, int[] labels, CancellationToken cancellation)
    {
        var counts = new int[source.ClassNames.Count];
        foreach (var label in labels)
        {
            if (label < counts.Length)
                counts[label]++;
        }
        var filled = counts.Where(static c => c > 0).ToList();
        var duplicates = DuplicateFinder.Exact(prints);
        return new DataReport
        {
            Description = source.Description,
            Count = source.Count,
            Notes = source.Notes,
            Classes = [.. source.ClassNames.Zip(counts, static (name, count) => new ClassCount(name, count))],
            Imbalance = filled.Count == 0 ? 1 : (double)filled.Max() / filled.Min(),
            Unreadable = [.. faults.OfType<string>()],
            Sizes = Summary(source, sizes),
            Duplicates = [.. duplicates.Select(g => (IReadOnlyList<string>)[.. g.Select(source.NameAt)])],
            ContradictingDuplicates = duplicates.Count(g => g.Select(i => labels[i]).Distinct().Skip(1).Any()),
            NearDuplicates = [.. DuplicateFinder.Near(prints, cancellation).Select(p => (IReadOnlyList<string>)[source.NameAt(p.First), source.NameAt(p.Second)])],
        };
    }

    private static SizeSummary? Summary(IImageSource source, (int Width, int Height)[] sizes)
    {
        var readable = Enumerable.Range(0, sizes.Length).Where(i => sizes[i].Width > 0).ToArray();
        if (readable.Length == 0)
            return null;
        int Short(int i) => Math.Min(sizes[i].Width, sizes[i].Height);
        double Shape(int i) => (double)Math.Max(sizes[i].Width, sizes[i].Height) / Short(i);
        var longest = readable.MaxBy(Shape);
        var smallest = readable.MinBy(Short);
        int[] sides = [.. readable.Select(Short).Order()];
        return new(sides[0], sides[sides.Length / 2], sides[^1], source.NameAt(smallest), source.NameAt(longest), Shape(longest), readable.Select(i => sizes[i]).Distinct().Count());
    }
}
