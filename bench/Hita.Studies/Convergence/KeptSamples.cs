using Hita.Evaluation.Reports;
using Hita.Evaluation.Runs;
using Hita.Metrics.Archives;

namespace Hita.Studies.Convergence;

/// <summary>Samples that several evaluations look at: they are made once, and kept in a file until the last one is done.</summary>
/// <param name="file">The file, an archive of images; deleted at the end.</param>
internal sealed class KeptSamples(string file) : IDisposable
{
    private ImageSeries? _kept;
    private List<int> _classes = [];

    /// <summary>Samples that are kept when they have been made from the first to the last, and read from then on.</summary>
    /// <param name="origin">Makes them; of all origins that are given, every one makes the same.</param>
    public SampleOrigin Of(SampleOrigin origin) => new Kept(this, origin);

    /// <inheritdoc/>
    public void Dispose() => File.Delete(file);

    private IEnumerable<EvaluationBatch> Read(SampleOrigin origin, int first, int batchSize, CancellationToken cancellation)
    {
        if (_kept is { } kept)
        {
            foreach (var batch in kept.Read(first, batchSize, cancellation))
            {
                yield return batch with { Classes = _classes.GetRange(first, batch.Images.Count) };
                first += batch.Images.Count;
            }
            yield break;
        }
        // What was stopped and goes on in the middle is not all of them.
        if (first > 0)
        {
            foreach (var batch in origin.Read(first, batchSize, cancellation))
                yield return batch;
            yield break;
        }
        ImageArchiveWriter? archive = null;
        try
        {
            var classes = new List<int>();
            foreach (var batch in origin.Read(0, batchSize, cancellation))
            {
                archive ??= new ImageArchiveWriter(file, origin.Count, batch.Images[0].Width, batch.Images[0].Height);
                foreach (var image in batch.Images)
                    archive.Add(image);
                classes.AddRange(batch.Classes);
                yield return batch;
            }
            archive?.Complete();
            if (classes.Count == origin.Count)
                (_kept, _classes) = (ImageSeries.Archive(file, 0), classes);
        }
        finally
        {
            archive?.Dispose();
        }
    }

    private sealed class Kept(KeptSamples samples, SampleOrigin origin) : SampleOrigin
    {
        public override string Description => origin.Description;

        public override int Count => origin.Count;

        public override int ClassCount => origin.ClassCount;

        public override EvaluationKind Kind => origin.Kind;

        public override IReadOnlyList<MeasuredModel> Models => origin.Models;

        public override IReadOnlyDictionary<string, string> Settings => origin.Settings;

        public override Tokenization.Model.TokenizerConfig? Tokenizer => origin.Tokenizer;

        public override IEnumerable<EvaluationBatch> Read(int first, int batchSize, CancellationToken cancellation) =>
            samples.Read(origin, first, batchSize, cancellation);
    }
}
