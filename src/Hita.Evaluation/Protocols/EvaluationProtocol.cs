using Hita.Metrics;
using Hita.Runtime;

namespace Hita.Evaluation.Protocols;

/// <summary>How generated images are brought to the size they are measured at.</summary>
public enum SampleResize
{
    /// <summary>Rounded to 8 bits first, then Pillow's bicubic filter, which widens when shrinking.</summary>
    Antialiased,

    /// <summary>
    /// The decoder's numbers, not limited, by a bicubic filter that does not widen; limited, cut off to 8 bits afterwards. As the
    /// published sampling script does; for images from an archive, which are 8 bits already, it is <see cref="Antialiased"/>.
    /// </summary>
    FloatBicubic,
}

/// <summary>Which classes samples have.</summary>
public enum LabelPlanKind
{
    /// <summary>A random class an image.</summary>
    Random,

    /// <summary>Every class equally often, as nearly as the number allows (50 of each of 1,000 for 50,000).</summary>
    Balanced,
}

/// <summary>The order in which samples enter the measures that depend on it, which is the Inception score.</summary>
public enum ScoreOrder
{
    /// <summary>As they are stored or sampled.</summary>
    AsStored,

    /// <summary>Shuffled with <see cref="EvaluationProtocol.ShuffleSeed"/>, so that it does not matter how they are stored.</summary>
    Shuffled,
}

/// <summary>
/// Everything that changes a measured number without changing the model. Results of different protocols are not comparable, and
/// nothing here compares them.
/// </summary>
public sealed record EvaluationProtocol
{
    /// <summary>Its name, lower case.</summary>
    public required string Name { get; init; }

    /// <summary>What it is for, in one sentence.</summary>
    public required string Description { get; init; }

    /// <summary>The reference that metrics of generated images are meant to be measured against.</summary>
    public required string Reference { get; init; }

    /// <summary>The side in pixels that all images are measured at; 0 for the size they have.</summary>
    public required int Size { get; init; }

    /// <summary>How generated images come to that size. Reconstructions and their originals always go the antialiased way.</summary>
    public required SampleResize Resize { get; init; }

    /// <summary>Samples that a metric is meant to be measured on.</summary>
    public int SampleCount { get; init; } = 50_000;

    /// <summary>The classes of generated samples.</summary>
    public required LabelPlanKind Labels { get; init; }

    /// <summary>The seed of a random label plan.</summary>
    public ulong LabelSeed { get; init; }

    /// <summary>The order for the Inception score.</summary>
    public required ScoreOrder Order { get; init; }

    /// <summary>The seed of the shuffled order.</summary>
    public ulong ShuffleSeed { get; init; }

    /// <summary>Samples a split of the Inception score.</summary>
    public int SplitSize { get; init; } = InceptionScore.PublishedSplitSize;

    /// <summary>The k of precision and recall.</summary>
    public int Neighbours { get; init; } = 3;

    /// <summary>How the distances of precision and recall are computed.</summary>
    public required DistancePrecision Distances { get; init; }

    /// <summary>The range that SSIM takes pixels of 0 to 1 to have.</summary>
    public required double SsimRange { get; init; }

    /// <summary>How images are brought to size and ordered, in one line for people.</summary>
    /// <param name="labels">Whether to say which classes samples have, too.</param>
    public string Summary(bool labels)
    {
        var size = Size == 0 ? "at the images' own size" : $"at {Size} px ({(Resize == SampleResize.FloatBicubic ? "bicubic on floats, not antialiased" : "bicubic, antialiased")})";
        var classes = Labels == LabelPlanKind.Balanced ? "every class equally often; " : $"a random class an image (seed {LabelSeed}); ";
        var order = Order == ScoreOrder.Shuffled ? $"shuffled (seed {ShuffleSeed})" : "in stored order";
        var score = Name.StartsWith("fd-", StringComparison.Ordinal) ? "class score" : "Inception score";
        return $"{size}; {(labels ? classes : "")}{order} for the {score}";
    }

    /// <summary>
    /// Whether true images are decoded as ADM's scripts do, which drop transparency and ignore a camera's orientation; false for
    /// as people see them.
    /// </summary>
    public bool PlainDecoding { get; init; }

    /// <summary>Checks every field.</summary>
    /// <returns>The protocol itself.</returns>
    /// <exception cref="ConfigException">Lists all faults.</exception>
    public EvaluationProtocol Validate()
    {
        var faults = new FaultCollector();
        faults.Require(!string.IsNullOrWhiteSpace(Name), $"it has no name");
        faults.Range(Size, 0, 4096, "size");
        faults.Require(SampleCount >= 2, $"sample_count is {SampleCount}, at least 2 are needed");
        faults.Min(SplitSize, 1, "split_size");
        faults.Min(Neighbours, 1, "neighbours");
        faults.Require(SsimRange > 0 && double.IsFinite(SsimRange), $"ssim_range is {SsimRange}, it must be above 0");
        return faults.Checked(this, "The protocol");
    }
}

/// <summary>The protocols that have a name.</summary>
public static class EvaluationProtocols
{
    private const string ImageNetReference = "ADM's reference archive of ImageNet at 256 px (VIRTUAL_imagenet256_labeled.npz)";

    /// <summary>
    /// As the published scripts measure, quirks included: samples resized as floats without antialiasing, precision and recall
    /// in 16 bits, SSIM with a range of 2, samples in stored order.
    /// </summary>
    public static EvaluationProtocol Published { get; } = new()
    {
        Name = "published",
        Description = "What the published scripts do, quirks included; for comparing with the paper's tables.",
        Reference = ImageNetReference,
        Size = 256,
        Resize = SampleResize.FloatBicubic,
        Labels = LabelPlanKind.Random,
        Order = ScoreOrder.AsStored,
        Distances = DistancePrecision.Published,
        SsimRange = ImageQuality.PublishedSsimRange,
        PlainDecoding = true,
    };

    /// <summary>The metrics of ADM's evaluation suite without quirks of one script: 8-bit images at 256 px.</summary>
    public static EvaluationProtocol Adm { get; } = new()
    {
        Name = "adm",
        Description = "ADM's evaluation on 8-bit images of 256 px; for sample archives and for comparing models on ImageNet.",
        Reference = ImageNetReference,
        Size = 256,
        Resize = SampleResize.Antialiased,
        Labels = LabelPlanKind.Random,
        Order = ScoreOrder.Shuffled,
        Distances = DistancePrecision.Float32,
        SsimRange = 1,
        PlainDecoding = true,
    };

    /// <summary>For one's own data and models of any size: images as they are, balanced classes, shuffled order.</summary>
    public static EvaluationProtocol Hita { get; } = new()
    {
        Name = "hita",
        Description = "For models of any size and data of one's own: images as they are, every class equally often.",
        Reference = "true images of the same data at the same size",
        Size = 0,
        Resize = SampleResize.Antialiased,
        Labels = LabelPlanKind.Balanced,
        Order = ScoreOrder.Shuffled,
        Distances = DistancePrecision.Float32,
        SsimRange = 1,
    };

    /// <summary>All of them.</summary>
    public static IReadOnlyList<EvaluationProtocol> All { get; } = [Published, Adm, Hita];

    /// <summary>Finds one by its name.</summary>
    /// <param name="name">The name, lower case.</param>
    /// <exception cref="HitaException">There is no such protocol.</exception>
    public static EvaluationProtocol Find(string name) => All.FirstOrDefault(p => p.Name == name)
        ?? throw new HitaException($"There is no protocol '{name}'; there are {string.Join(", ", All.Select(static p => p.Name))}.");
}
