using Hita.Generation;
using Hita.Imaging;
using Hita.Models;
using Hita.Tokenization;

namespace Hita.Editing;

/// <summary>The filling of one window.</summary>
/// <param name="pipeline">The models.</param>
/// <param name="sampler">What samples the codes.</param>
/// <param name="window">The window.</param>
/// <param name="canvas">The whole image; the window's masked pixels are written.</param>
/// <param name="mask">What is unknown of the whole image.</param>
/// <param name="plain">The colour of holes in a window of which nothing is known.</param>
/// <param name="options">How.</param>
/// <param name="shift">How many patches further on a code decodes.</param>
internal sealed class WindowFilling(
    ImagePipeline pipeline, ICodeSampler sampler, EditWindow window, Image canvas, ImageMask mask, (byte, byte, byte) plain, InpaintOptions options, int shift)
{
    private readonly ImageMask _mask = mask.Crop(window.Box);

    /// <summary>Fills the window.</summary>
    /// <param name="number">The first candidate's number.</param>
    /// <param name="counter">Counts codes.</param>
    /// <param name="cancellation">Stops soon.</param>
    public InpaintedWindow Run(long number, EditProgressCounter counter, CancellationToken cancellation)
    {
        var config = pipeline.Generator.Config;
        var patches = MaskedGrid.Patches(_mask, config.GridHeight, config.GridWidth);
        var part = canvas.Crop(window.Box.X, window.Box.Y, window.Box.Width, window.Box.Height);
        part = MeanFill.Fill(part, _mask, MeanFill.Mean(part, _mask) ?? plain);
        IReadOnlyList<CompletedCodes> sampled = [];
        for (var pass = 0; pass < options.Passes; pass++)
        {
            cancellation.ThrowIfCancellationRequested();
            var codes = pipeline.Tokenizer.Encode([part.Resize(window.ModelWidth, window.ModelHeight)], cancellation: cancellation)[0];
            var keepsHolistic = pass > 0 || options.Holistic == HolisticSource.Encoded;
            var known = MaskedGrid.Known(codes, patches, options.Codes, shift, keepsHolistic);
            sampled = Sample(known, number + ((long)pass * options.Candidates), pass == options.Passes - 1, counter, cancellation);
            part = Join(part, sampled[Best(sampled)].Codes);
        }
        var order = Enumerable.Range(0, sampled.Count).OrderByDescending(i => sampled[i].LogLikelihood).ThenBy(static i => i).ToList();
        var first = options.Sampling.FirstImage + number + ((options.Passes - 1L) * options.Candidates);
        var candidates = order.Select(i => new InpaintCandidate(first + i, sampled[i].LogLikelihood, options.KeepCandidates ? Whole(part, sampled[i].Codes) : null)).ToList();
        window.Put(canvas, part);
        return new InpaintedWindow(window.Box, sampled[0].ScoredCount, candidates);
    }

    private IReadOnlyList<CompletedCodes> Sample(PartialCodes known, long number, bool isLast, EditProgressCounter counter, CancellationToken cancellation)
    {
        var config = pipeline.Generator.Config;
        var unseen = config.UnseenPatchesOf(pipeline.Tokenizer.Config);
        // Where nothing known follows, candidates cannot be told apart.
        var tokens = known.Holistic.Concat(known.Patches.SkipLast(unseen)).ToList();
        var start = tokens.IndexOf(PartialCodes.Unknown);
        var canRank = start >= 0 && tokens.Skip(start).Any(static t => t != PartialCodes.Unknown);
        var count = canRank || (isLast && options.KeepCandidates) ? options.Candidates : 1;
        var request = options.Sampling.Request(config, count, number, unseen);
        return sampler.Complete(request, [known], score: canRank && count > 1, counter.ForOne(), cancellation);
    }

    private Image Join(Image part, ImageCodes codes)
    {
        var decoded = pipeline.Tokenizer.Decode([codes])[0].Resize(window.Box.Width, window.Box.Height);
        var halfPatch = pipeline.Tokenizer.Config.PatchSize * (double)window.Box.Width / window.ModelWidth / 2;
        return MaskBlend.Join(part, decoded, _mask, options.Feather ?? halfPatch);
    }

    private Image Whole(Image part, ImageCodes codes)
    {
        var whole = canvas.Copy();
        window.Put(whole, Join(part, codes));
        return whole;
    }

    private static int Best(IReadOnlyList<CompletedCodes> sampled)
    {
        var best = 0;
        for (var i = 1; i < sampled.Count; i++)
        {
            if (sampled[i].LogLikelihood > sampled[best].LogLikelihood)
                best = i;
        }
        return best;
    }
}
