using Hita.Data;
using Hita.Evaluation.Classification;

namespace Hita.Cli.Options;

/// <summary>What a classifier is trained on and judged by, with the sets that were opened for it.</summary>
/// <param name="data">The images.</param>
/// <param name="sources">The sets; they are closed with this.</param>
internal sealed class ClassifierImages(ClassifierData data, IReadOnlyList<IImageSource> sources) : IDisposable
{
    /// <summary>The images.</summary>
    public ClassifierData Data { get; } = data;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var source in sources)
            source.Dispose();
    }
}
