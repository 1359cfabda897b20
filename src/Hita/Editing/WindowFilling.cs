using Hita.Generation;
using Hita.Generation.Model;
using Hita.Imaging;
using Hita.Models;
using Hita.Tokenization;

namespace Hita.Editing;

/// <summary>The filling of one window.</summary>
/// <param name="pipeline">The models.</param>
/// <param name="window">The window.</param>
/// <param name="canvas">The whole picture; the window's masked pixels are written.</param>
/// <param name="mask">What is unknown of the whole picture.</param>
/// <param name="plain">The colour of holes in a window of which nothing is known.</param>
/// <param name="options">How.</param>
/// <param name="shift">How many patches further on a code paints.</param>
internal sealed class WindowFilling(
    ImagePipeline pipeline, EditWindow window, Picture canvas, PictureMask mask, (byte, byte, byte) plain, InpaintOptions options, int shift)
{
    private readonly PictureMask _mask = mask.Crop(window.Box);

    /// <summary>Fills the window.</summary>
    /// <param name="number">The first candidate's number.</param>
    /// <param name="counter">Counts codes.</param>
    /// <param name="cancellation">Stops soon.</param>
    public InpaintedWindow Run(long number, DrawingCounter counter, CancellationToken cancellation)
    {
        var config = pipeline.Generator.Config;
        var patches = MaskedGrid.Patches(_mask, config.GridHeight, config.GridWidth);
        var part = canvas.Crop(window.Box.X, window.Box.Y, window.Box.Width, window.Box.Height);
        part = MeanFill.Fill(part, _mask, MeanFill.Mean(part, _mask) ?? plain);
        IReadOnlyList<CompletedCodes> drawn = [];
        for (var pass = 0; pass < options.Passes; pass++)
        {
            cancellation.ThrowIfCancellationRequested();
            var codes = pipeline.Tokenizer.Encode([part.Resize(window.ModelWidth, window.ModelHeight)], cancellation: cancellation)[0];
            var keepsHolistic = pass > 0 || options.Holistic == HolisticSource.Encoded;
            var known = MaskedGrid.Known(codes, patches, options.Codes, shift, keepsHolistic);
            drawn = Draw(known, number + ((long)pass * options.Candidates), pass == options.Passes - 1, counter, cancellation);
            part = Join(part, drawn[Best(drawn)].Codes);
        }
        var order = Enumerable.Range(0, drawn.Count).OrderByDescending(i => drawn[i].LogLikelihood).ThenBy(static i => i).ToList();
        var first = options.Drawing.FirstImage + number + ((options.Passes - 1L) * options.Candidates);
        var candidates = order.Select(i => new InpaintCandidate(first + i, drawn[i].LogLikelihood, options.KeepCandidates ? Whole(part, drawn[i].Codes) : null)).ToList();
        window.Put(canvas, part);
        return new InpaintedWindow(window.Box, drawn[0].ScoredCount, candidates);
    }

    private IReadOnlyList<CompletedCodes> Draw(PartialCodes known, long number, bool isLast, DrawingCounter counter, CancellationToken cancellation)
    {
        var config = pipeline.Generator.Config;
        var unseen = Math.Min(shift, config.PatchTokenCount - 1);
        // Where nothing known follows, candidates cannot be told apart.
        var tokens = known.Holistic.Concat(known.Patches.SkipLast(unseen)).ToList();
        var start = tokens.IndexOf(PartialCodes.Unknown);
        var canRank = start >= 0 && tokens.Skip(start).Any(static t => t != PartialCodes.Unknown);
        var count = canRank || (isLast && options.KeepCandidates) ? options.Candidates : 1;
        var request = options.Drawing.Request(config, count, number, unseen);
        return pipeline.Generator.Complete(request, [known], score: canRank && count > 1, counter.ForOne(), cancellation);
    }

    private Picture Join(Picture part, ImageCodes codes)
    {
        var painted = pipeline.Tokenizer.Decode([codes])[0].Resize(window.Box.Width, window.Box.Height);
        var halfPatch = pipeline.Tokenizer.Config.PatchSize * (double)window.Box.Width / window.ModelWidth / 2;
        return MaskBlend.Join(part, painted, _mask, options.Feather ?? halfPatch);
    }

    private Picture Whole(Picture part, ImageCodes codes)
    {
        var whole = canvas.Copy();
        window.Put(whole, Join(part, codes));
        return whole;
    }

    private static int Best(IReadOnlyList<CompletedCodes> drawn)
    {
        var best = 0;
        for (var i = 1; i < drawn.Count; i++)
        {
            if (drawn[i].LogLikelihood > drawn[best].LogLikelihood)
                best = i;
        }
        return best;
    }
}
