using System.Globalization;
using Hita.Evaluation.Classification;
using Hita.Imaging;
using Hita.Runtime;

namespace Hita.Studies;

/// <summary>The classifier that says whether a filled image still shows what the original shows.</summary>
internal sealed class Judge(ImageClassifier classifier) : IDisposable
{
    /// <summary>What it was trained on and how well it does.</summary>
    public string Description => classifier.Card.ToString();

    /// <summary>A classifier, trained where the cache has none.</summary>
    /// <param name="data">What it learns from.</param>
    /// <param name="steps">Training steps.</param>
    /// <param name="say">Told how far it is.</param>
    /// <param name="cancellation">Stops.</param>
    public static Judge Train(ClassifierData data, int steps, Action<string> say, CancellationToken cancellation)
    {
        var last = DateTime.UtcNow;
        var classifier = ClassifierCache.Get(
            data, new ClassifierTrainingOptions { Steps = steps },
            new DirectProgress<ClassifierProgress>(p =>
            {
                if (DateTime.UtcNow - last < TimeSpan.FromSeconds(10))
                    return;
                last = DateTime.UtcNow;
                say(string.Create(CultureInfo.InvariantCulture, $"classifier: {p.Steps} of {p.StepCount} steps, loss {p.Loss:0.000}"));
            }), cancellation);
        return new Judge(classifier);
    }

    /// <summary>The classes that it sees.</summary>
    public IReadOnlyList<int> Classes(IReadOnlyList<Image> images) => classifier.Classify(images).Classes;

    public void Dispose() => classifier.Dispose();
}
