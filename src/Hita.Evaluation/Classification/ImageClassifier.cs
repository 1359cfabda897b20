using System.Globalization;
using System.Text.Json;
using Hita.Checkpoints;
using Hita.Imaging;
using Hita.Layers;
using Hita.Runtime;
using static TorchSharp.torch;

namespace Hita.Evaluation.Classification;

/// <summary>What a classifier says about some images.</summary>
/// <param name="Classes">The likeliest class of each image.</param>
/// <param name="Features">A vector of each image, <see cref="ImageClassifier.FeatureWidth"/> numbers: alike for images that look alike.</param>
public sealed record Classification(IReadOnlyList<int> Classes, float[] Features);

/// <summary>
/// A small classifier that is trained on true images, to tell whether generated ones show what they should. Part of the
/// evaluation, not of any model. Safe for use from several threads at once.
/// </summary>
public sealed class ImageClassifier : IDisposable
{
    /// <summary>The side of the images it looks at, in pixels; others are resized.</summary>
    public const int InputSize = 64;

    private const string KindNote = "kind";
    private const string Kind = "hita-classifier";

    internal ImageClassifier(ClassifierModel model, ClassifierCard card)
    {
        Model = model;
        Card = card;
        Fingerprint = WeightFingerprint.Of(model.Parameters());
    }

    /// <summary>Numbers of an image's feature vector.</summary>
    public static int FeatureWidth => ClassifierModel.FeatureWidth;

    /// <summary>What it was trained on and how well it does.</summary>
    public ClassifierCard Card { get; }

    /// <summary>Identifies the weights.</summary>
    public string Fingerprint { get; }

    internal ClassifierModel Model { get; }

    /// <summary>Opens a classifier that was saved.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="CheckpointException">It cannot be opened or holds something else.</exception>
    public static ImageClassifier Load(string path)
    {
        using var file = SafetensorsFile.Open(path);
        if (file.Metadata.GetValueOrDefault(KindNote) != Kind || file.Metadata.GetValueOrDefault("card") is not { } text)
            throw new CheckpointException(path, "the file holds no classifier of this program.");
        var card = ConfigJson.Read<ClassifierCard>(text, path);
        if (card.ClassNames.Count < 2)
            throw new CheckpointException(path, "the classifier names fewer than two classes.");
        var model = new ClassifierModel(card.ClassNames.Count, Placement.Cpu);
        try
        {
            StrictLoader.Load(file, model.Parameters());
            return new ImageClassifier(model, card);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>Writes the classifier as one safetensors file.</summary>
    /// <param name="path">Where it will appear.</param>
    /// <exception cref="CheckpointException">It cannot be written.</exception>
    public void Save(string path) => SafetensorsWriter.Save(
        path, [.. Model.Parameters()],
        new Dictionary<string, string> { [KindNote] = Kind, ["card"] = JsonSerializer.Serialize(Card, ConfigJson.Options) });

    /// <summary>Recognises images.</summary>
    /// <param name="images">Images of any sizes, at least one; 64 at once are a good batch.</param>
    /// <exception cref="ArgumentException">There is no image.</exception>
    public Classification Classify(IReadOnlyList<Image> images)
    {
        ArgumentNullException.ThrowIfNull(images);
        using var frozen = inference_mode();
        using var scope = NewDisposeScope();
        var features = Model.Features(ImageTensors.ToTensor([.. images.Select(Fit)]));
        return new Classification(Model.Logits(features).argmax(-1).ToInts(), features.ToFloats());
    }

    /// <inheritdoc/>
    public void Dispose() => Model.Dispose();

    /// <summary>An image at the size the network takes.</summary>
    internal static Image Fit(Image image) =>
        image.Width == InputSize && image.Height == InputSize ? image : ImageFit.Square(image, InputSize);
}

/// <summary>What a classifier was trained on and how well it does on images that were held out.</summary>
public sealed record ClassifierCard
{
    /// <summary>The training images in words.</summary>
    public required string Data { get; init; }

    /// <summary><see cref="ClassifierData.Identity"/> of them.</summary>
    public required string DataIdentity { get; init; }

    /// <summary>The classes by number.</summary>
    public required IReadOnlyList<string> ClassNames { get; init; }

    /// <summary>Training steps.</summary>
    public required int Steps { get; init; }

    /// <summary>Images a step.</summary>
    public required int BatchSize { get; init; }

    /// <summary>The seed of the first weights.</summary>
    public required int Seed { get; init; }

    /// <summary>The share of held-out images it recognises, 0 to 1.</summary>
    public required double HeldOutAccuracy { get; init; }

    /// <summary>Images that were held out for that.</summary>
    public required int HeldOutCount { get; init; }

    /// <summary>
    /// The mean over the classes of the share recognised, 0 to 1: what samples of each class alike are measured by. Null in the card of
    /// an older program.
    /// </summary>
    public double? HeldOutClassAccuracy { get; init; }

    /// <summary>One line for people.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"trained on {Data}, {Steps} steps of {BatchSize}; {HeldOutAccuracy:p1} of {HeldOutCount} held-out images recognised") +
        (HeldOutClassAccuracy is { } mean ? string.Create(CultureInfo.InvariantCulture, $", {mean:p1} if all classes count alike") : "");
}
