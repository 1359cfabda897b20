using Hita.Generation;
using Hita.Generation.Model;
using Hita.Runtime;

namespace Hita.Models;

/// <summary>
/// Lets edits sample through a host, so that they share its loop: <c>new Inpainter(host.Pipeline, new HostedCodeSampler(host))</c>.
/// Its callers wait, so they should not be the threads that others need.
/// </summary>
/// <param name="host">The host; still the caller's to dispose.</param>
public sealed class HostedCodeSampler(IImageHost host) : ICodeSampler
{
    /// <inheritdoc/>
    public GeneratorConfig Config => host.Pipeline.Generator.Config;

    /// <inheritdoc/>
    /// <exception cref="HostBusyException">Too many images are waiting; the others of the request are given up.</exception>
    public IReadOnlyList<CompletedCodes> Complete(
        GenerationRequest request,
        IReadOnlyList<PartialCodes> known,
        bool score = false,
        IProgress<GenerationProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(known);
        request.Validate(Config);
        if (known.Count != 1 && known.Count != request.Classes.Count)
            throw new ConfigException("The known codes", [$"known codes of {known.Count} images are given for {request.Classes.Count}; give one for all, or one for each"]);
        using var all = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var counter = progress is null ? null : new Counter(progress, request.Classes.Count);
        var images = request.Classes.Select((number, i) => One(i, number)).ToArray();
        try
        {
            return Task.WhenAll(images).GetAwaiter().GetResult();
        }
        catch (OperationCanceledException)
        {
            // Where one failed, the others were given up for it.
            if (Array.Find(images, static t => t.IsFaulted) is { } failed)
                failed.GetAwaiter().GetResult();
            cancellation.ThrowIfCancellationRequested();
            throw;
        }

        async Task<CompletedCodes> One(int i, int number)
        {
            var image = new HostedImageRequest
            {
                Class = number,
                Seed = request.Seed,
                Image = request.FirstImage + i,
                Sampling = request.Sampling,
                Boundary = request.Boundary,
                Known = known[known.Count == 1 ? 0 : i],
            };
            try
            {
                var codes = await host.CompleteAsync(image, score, counter?.Of(i), all.Token).ConfigureAwait(false);
                counter?.End(i);
                return codes;
            }
            catch
            {
                await all.CancelAsync().ConfigureAwait(false);
                throw;
            }
        }
    }

    /// <summary>Adds up what the images report.</summary>
    private sealed class Counter(IProgress<GenerationProgress> progress, int images)
    {
        private readonly Lock _gate = new();
        private readonly int[] _tokens = new int[images];
        private int _total;
        private int _ended;

        public IProgress<HostedImageProgress> Of(int image) => new Listener(this, image);

        public void End(int image) => Report(image, null, ends: true);

        private void Report(int image, HostedImageProgress? report, bool ends = false)
        {
            lock (_gate)
            {
                _total = Math.Max(_total, report?.TotalTokens ?? 0);
                _tokens[image] = report?.Tokens ?? _tokens[image];
                _ended += ends ? 1 : 0;
                progress.Report(new GenerationProgress(_ended, images, _tokens.Sum(static t => (long)t), (long)_total * images));
            }
        }

        private sealed class Listener(Counter owner, int image) : IProgress<HostedImageProgress>
        {
            public void Report(HostedImageProgress value) => owner.Report(image, value);
        }
    }
}
