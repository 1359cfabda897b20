using System.Globalization;
using System.IO.Hashing;
using System.Text;
using Hita.Data;
using Hita.Imaging;
using Hita.Materials;
using Hita.Metrics;
using Hita.Runtime;

namespace Hita.Evaluation.Classification;

/// <summary>An image and its class.</summary>
/// <param name="Image">The image.</param>
/// <param name="Class">Its class by number.</param>
public readonly record struct LabelledImage(Image Image, int Class);

/// <summary>
/// The true images that a classifier is trained on and judged by: an endless list for training and a finite one that is held out.
/// Reading may happen on several threads at once.
/// </summary>
public sealed class ClassifierData
{
    /// <summary>Held-out scenes of the built-in set come from a seed of their own.</summary>
    public const ulong MaterialsHeldOutSeed = 0x48_45_4C_44;

    private readonly Func<long, LabelledImage> _training;
    private readonly Func<long, LabelledImage> _heldOut;
    private readonly IReadOnlyList<ReadableImages> _images;

    private ClassifierData(
        string description, string identity, IReadOnlyList<string> classNames, long trainingCount, long heldOutCount,
        Func<long, LabelledImage> training, Func<long, LabelledImage> heldOut, IReadOnlyList<ReadableImages>? images = null)
    {
        (Description, Identity, ClassNames, TrainingCount, HeldOutCount) = (description, identity, classNames, trainingCount, heldOutCount);
        (_training, _heldOut, _images) = (training, heldOut, images ?? []);
    }

    /// <summary>What it is, for messages and reports.</summary>
    public string Description { get; }

    /// <summary>32 hexadecimal digits that change when the images do: a classifier that was trained on others is not used.</summary>
    public string Identity { get; }

    /// <summary>The classes by number.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>Different images to train on; <see cref="long.MaxValue"/> where there is no end of them.</summary>
    public long TrainingCount { get; }

    /// <summary>Images that are held out; <see cref="long.MaxValue"/> where there is no end of them.</summary>
    public long HeldOutCount { get; }

    /// <summary>Images that could not be read so far; others of the same list took their place. Null where all could.</summary>
    public UnreadableSummary? Unreadable => UnreadableSummary.Join([.. _images.Select(static i => i.Unreadable)]);

    /// <summary>The built-in set: scenes of one seed for training, of another one held out.</summary>
    /// <param name="size">The side of the images in pixels.</param>
    /// <param name="seed">The seed of the training scenes, for the copy check the one that the generator was trained on.</param>
    public static ClassifierData Materials(int size, ulong seed = 0)
    {
        var training = new MaterialsSet(seed);
        var heldOut = new MaterialsSet(seed ^ MaterialsHeldOutSeed);
        // A few rendered scenes stand for the renderer: one that samples differently asks for a classifier of its own.
        var hash = new XxHash128();
        for (var i = 0; i < MaterialsSet.ClassCount; i += 5)
            hash.Append(Sample(training, i).Image.Pixels);
        return new ClassifierData(
            string.Create(CultureInfo.InvariantCulture, $"materials, seed {seed}, {size} px"), Digits(hash), MaterialsSet.ClassNames,
            long.MaxValue, long.MaxValue, n => Sample(training, n), n => Sample(heldOut, n));

        LabelledImage Sample(MaterialsSet set, long index)
        {
            var image = new Image(size, size);
            MaterialsRenderer.Render(set.Scene(index), size, image.Pixels);
            return new LabelledImage(image, set.ClassAt(index));
        }
    }

    /// <summary>Images with classes: a tenth of them, sampled evenly from everywhere, is held out.</summary>
    /// <param name="source">The images; it must outlive the data.</param>
    /// <param name="size">The side of the centre squares that images are brought to, in pixels.</param>
    /// <exception cref="HitaException">The source has no classes or too few images, or too many of them cannot be read.</exception>
    public static ClassifierData From(IImageSource source, int size)
    {
        const int Every = 10;
        CheckClasses(source);
        if (source.Count < 2 * Every)
            throw new HitaException($"A classifier needs {2 * Every} images or more, and {source.Description} has {source.Count}.");
        var order = SampleOrder.Shuffled(source.Count);
        return From(source, order[(source.Count / Every)..], source, order[..(source.Count / Every)], size, source.Description);
    }

    /// <summary>Images with classes, and others that are held out: those that the generator has not seen either.</summary>
    /// <param name="source">The images to train on; it must outlive the data.</param>
    /// <param name="heldOut">The images that judge; it must outlive the data.</param>
    /// <param name="size">The side of the centre squares that images are brought to, in pixels.</param>
    /// <exception cref="HitaException">A source has no images or other classes than the other one, or too many images cannot be read.</exception>
    public static ClassifierData From(IImageSource source, IImageSource heldOut, int size)
    {
        ArgumentNullException.ThrowIfNull(heldOut);
        CheckClasses(source);
        if (!source.ClassNames.SequenceEqual(heldOut.ClassNames))
            throw new HitaException($"The held-out images have other classes: {source.Description} and {heldOut.Description} must have the same ones.");
        return From(
            source, SampleOrder.Shuffled(source.Count), heldOut, SampleOrder.Shuffled(heldOut.Count), size,
            $"{source.Description}, held out {heldOut.Description}");
    }

    private static void CheckClasses(IImageSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        if (source.ClassNames.Count < 2)
            throw new HitaException($"A classifier needs images of two classes or more, and {source.Description} has {source.ClassNames.Count}.");
    }

    private static ClassifierData From(IImageSource source, int[] training, IImageSource judges, int[] heldOut, int size, string description)
    {
        var balanced = Balanced(source, training);
        var hash = new XxHash128();
        hash.Append(Encoding.UTF8.GetBytes($"{description}|{source.Count}|{size}|{string.Join('|', source.ClassNames)}"));
        if (balanced.Length != training.Length)
            hash.Append("|balanced"u8);
        var images = new ReadableImages(source, size);
        var others = ReferenceEquals(source, judges) ? images : new ReadableImages(judges, size);
        for (var i = 0; i < heldOut.Length; i += Math.Max(1, heldOut.Length / 16))
            hash.Append(others.Read(i, heldOut.Length, n => heldOut[n]).Image.Pixels);
        return new ClassifierData(
            description, Digits(hash), source.ClassNames, training.Length, heldOut.Length,
            new Epochs(training, balanced, images).Image, n => others.Read((int)(n % heldOut.Length), heldOut.Length, i => heldOut[i]),
            ReferenceEquals(images, others) ? [images] : [images, others]);
    }

    // A classifier that saw half of its images of one class would take doubtful ones for it, and samples come of each class alike.
    private static int[] Balanced(IImageSource source, int[] training)
    {
        const int Unequal = 2;
        var counts = training.GroupBy(source.ClassAt).Select(static g => g.Count()).ToList();
        return counts.Max() > Unequal * counts.Min()
            ? [.. ClassBalance.Repeat(training.Length, i => source.ClassAt(training[i]), 1).Select(i => training[i])]
            : training;
    }

    /// <summary>An image to train on.</summary>
    /// <param name="number">
    /// 0 or more, without end: a finite set is gone through again and again, each time in another order. The first time every image
    /// comes once; after that, where some classes have over twice as many images as others, every class comes equally often.
    /// </param>
    public LabelledImage Training(long number) => _training(number);

    /// <summary>An image that is held out.</summary>
    /// <param name="number">0 to <see cref="HeldOutCount"/>, exclusive.</param>
    public LabelledImage HeldOut(long number) => _heldOut(number);

    private static string Digits(XxHash128 hash) => Convert.ToHexStringLower(hash.GetCurrentHash());

    /// <summary>An endless list of a finite set; the current order is kept, as neighbours are asked for together.</summary>
    /// <param name="first">The images of the first epoch.</param>
    /// <param name="later">Those of the others.</param>
    /// <param name="images">Reads them.</param>
    private sealed class Epochs(int[] first, int[] later, ReadableImages images)
    {
        private readonly Lock _gate = new();
        private (long Epoch, int[] Order) _current = (0, Shuffled(first, 0));

        public LabelledImage Image(long number)
        {
            var (epoch, place) = number < first.Length ? (0, number) : Math.DivRem(number - first.Length + later.Length, later.Length);
            int[] order;
            lock (_gate)
            {
                if (_current.Epoch != epoch)
                    _current = (epoch, Shuffled(epoch == 0 ? first : later, epoch));
                order = _current.Order;
            }
            return images.Read((int)place, order.Length, n => order[n]);
        }

        private static int[] Shuffled(int[] indices, long epoch) =>
            Array.ConvertAll(SampleOrder.Shuffled(indices.Length, (ulong)epoch + 1), i => indices[i]);
    }

    /// <summary>Reads images of a source; where one cannot be read, the next one of its list takes its place, whoever asks.</summary>
    private sealed class ReadableImages(IImageSource source, int size)
    {
        private readonly Lock _gate = new();
        private readonly HashSet<int> _broken = [];
        private readonly UnreadableImages _unreadable = new(source.Description);

        public UnreadableSummary? Unreadable
        {
            get
            {
                lock (_gate)
                    return _unreadable.Summary;
            }
        }

        /// <param name="place">The place in the list, 0 to <paramref name="count"/> − 1.</param>
        /// <param name="count">The list's length.</param>
        /// <param name="indexAt">The list: the source's image at a place.</param>
        /// <exception cref="DataException">Too many images cannot be read.</exception>
        public LabelledImage Read(int place, int count, Func<int, int> indexAt)
        {
            for (var i = 0; i < count; i++)
            {
                var index = indexAt((place + i) % count);
                if (IsBroken(index))
                    continue;
                try
                {
                    return new(ImageFit.Square(source.Read(index), size), source.ClassAt(index));
                }
                catch (Exception e) when (UnreadableImages.IsFault(e))
                {
                    Note(index, e.Message);
                }
            }
            lock (_gate)
                _unreadable.RequireSome(0);
            throw new DataException(source.Description, "it has no images.");
        }

        private bool IsBroken(int index)
        {
            lock (_gate)
                return _broken.Contains(index);
        }

        private void Note(int index, string fault)
        {
            lock (_gate)
            {
                if (!_broken.Add(index))
                    return;
                _unreadable.Add(fault);
                _unreadable.Check(source.Count);
            }
        }
    }
}
