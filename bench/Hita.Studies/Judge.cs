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

    /// <summary>The classifier of the built-in set, trained where the cache has none.</summary>
    /// <param name="size">The images' side.</param>
    /// <param name="steps">Training steps; 0 for no judge.</param>
    /// <param name="say">Told how far it is.</param>
    /// <param name="cancellation">Stops.</param>
    public static Judge? Train(int size, int steps, Action<string> say, CancellationToken cancellation)
    {
        if (steps == 0)
            return null;
        var last = DateTime.UtcNow;
        var classifier = ClassifierCache.Get(
            ClassifierData.Materials(size), new ClassifierTrainingOptions { Steps = steps },
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
