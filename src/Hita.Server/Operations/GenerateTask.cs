using Hita.Generation;
using Hita.Generation.Model;
using Hita.Generation.Sampling;
using Hita.Models;
using Hita.Runtime;
using Hita.Server.Jobs;

namespace Hita.Server.Operations;

/// <summary>Generates images of classes. Each of them may be sampled together with those of other requests.</summary>
public sealed class GenerateTask : ImageTask
{
    /// <inheritdoc/>
    public override string Kind => "generate";

    /// <summary>The class of each image, by number.</summary>
    public required IReadOnlyList<int> Classes { get; init; }

    /// <summary>The seed. Default 0.</summary>
    public ulong Seed { get; init; }

    /// <summary>The number of the first image under the seed; the others follow. Default 0.</summary>
    public long FirstImage { get; init; }

    /// <summary>Temperature, filters and guidance; null for the model's own.</summary>
    public SamplingOptions? Sampling { get; init; }

    /// <summary>How the last holistic code is embedded. Default: as in training.</summary>
    public BoundaryMode Boundary { get; init; }

    /// <summary>Previews of each image on the way, 0 or more. Default 0.</summary>
    public int Previews { get; init; }

    /// <inheritdoc/>
    public override int Images => Classes.Count;

    /// <inheritdoc/>
    public override void Check(ServedModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        Request(model).Validate(model.Pipeline.Generator.Config);
        if (FirstImage > long.MaxValue - Classes.Count)
            throw new HitaException($"The first image's number {FirstImage} is too large for {Classes.Count} images.");
    }

    internal override async Task<IReadOnlyList<JobResult>> RunAsync(ServedModel model, JobContext context)
    {
        var progress = new Progress(context, Classes.Count);
        // One image that fails takes the others along: their places in the batch are wanted.
        using var together = CancellationTokenSource.CreateLinkedTokenSource(context.Cancellation);
        var images = Classes.Select((_, i) => GenerateAsync(model, i, progress, together)).ToList();
        return await Task.WhenAll(images).ConfigureAwait(false);
    }

    private async Task<JobResult> GenerateAsync(ServedModel model, int index, Progress progress, CancellationTokenSource together)
    {
        try
        {
            var sampling = Sampling ?? model.Pipeline.Generator.Sampling;
            var made = await model.Host.GenerateAsync(
                new HostedImageRequest { Class = Classes[index], Seed = Seed, Image = FirstImage + index, Sampling = sampling, Boundary = Boundary, Previews = Previews },
                new DirectProgress<HostedImageProgress>(p => progress.Report(index, p)),
                together.Token).ConfigureAwait(false);
            var request = Request(model) with { Classes = [Classes[index]], FirstImage = FirstImage + index };
            return new JobResult
            {
                Name = "image",
                Image = made.Image,
                Text = new Dictionary<string, string> { [ImageSettings.Keyword] = model.Pipeline.SettingsOf(request, made with { Index = 0 }).ToText() },
                Facts = new Dictionary<string, object?>
                {
                    ["class"] = Classes[index],
                    ["class_name"] = model.Classes[Classes[index]],
                    ["seed"] = Seed,
                    ["image"] = FirstImage + index,
                },
            };
        }
        catch
        {
            await together.CancelAsync().ConfigureAwait(false);
            throw;
        }
    }

    private GenerationRequest Request(ServedModel model) => new()
    {
        Classes = Classes,
        Seed = Seed,
        FirstImage = FirstImage,
        Sampling = Sampling ?? model.Pipeline.Generator.Sampling,
        Boundary = Boundary,
    };

    // Adds up the images' progress. Reports of different images come from different threads.
    private sealed class Progress(JobContext context, int images)
    {
        private readonly Lock _lock = new();
        private readonly int[] _done = new int[images];
        private long _sum;

        public void Report(int index, HostedImageProgress report)
        {
            context.Begin();
            lock (_lock)
            {
                _sum += Math.Max(report.Tokens - _done[index], 0);
                _done[index] = Math.Max(report.Tokens, _done[index]);
                context.Report(_sum, (long)report.TotalTokens * images);
            }
            if (report.Preview is { } preview)
                context.Preview(index, report.Tokens, preview);
        }
    }
}
