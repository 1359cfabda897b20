using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using Hita.Imaging;
using Hita.Server.Jobs;
using Hita.Server.Requests;

namespace Hita.Server.OpenAi;

/// <summary>An image request's answer as server-sent events, under OpenAI's names.</summary>
internal static class ImageStream
{
    public static async IAsyncEnumerable<SseItem<string>> Of(
        ImagePlan plan, IReadOnlyList<Job> jobs, TimeProvider clock, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var first = 0;
        // Jobs that nobody waits for any more, after a fault of another one, make room.
        using var rest = new Cancellation(jobs);
        foreach (var job in jobs)
        {
            var previews = new Dictionary<int, int>();
            await foreach (var news in job.WatchAsync(cancellation).ConfigureAwait(false))
            {
                if (news.Preview is not { } preview)
                    continue;
                var number = previews.GetValueOrDefault(preview.Index);
                previews[preview.Index] = number + 1;
                yield return Item(Event(plan, preview.Image, first + preview.Index, "partial_image", clock) with { PartialImageIndex = number });
            }
            if (job.Fault is { } fault)
            {
                yield return new SseItem<string>(ApiJson.Write(new { type = "error", error = ApiErrors.Body(ApiErrors.Of(fault)).Error }), "error");
                yield break;
            }
            foreach (var result in job.Results.Where(static r => r.Name == "image"))
            {
                var item = Event(plan, result.Image!, first, "completed", clock, result.Text) with { Usage = plan.Usage, Seed = result.Facts["seed"] as ulong? ?? plan.Seed };
                first++;
                yield return Item(item);
            }
        }
    }

    private sealed class Cancellation(IReadOnlyList<Job> jobs) : IDisposable
    {
        public void Dispose()
        {
            foreach (var job in jobs.Where(static j => !j.Status.IsEnded))
                job.Cancel();
        }
    }

    private static SseItem<string> Item(ImageEvent data) => new(ApiJson.Write(data), data.Type);

    private static ImageEvent Event(
        ImagePlan plan, Image image, int index, string what, TimeProvider clock, IReadOnlyDictionary<string, string>? text = null)
    {
        var fitted = plan.Fit(image);
        return new ImageEvent
        {
            Type = $"{plan.EventPrefix}.{what}",
            Base64 = Convert.ToBase64String(plan.Encoding.Encode(fitted, text)),
            CreatedAt = clock.GetUtcNow().ToUnixTimeSeconds(),
            Size = $"{fitted.Width}x{fitted.Height}",
            OutputFormat = ApiJson.Word(plan.Encoding.Format),
            Index = index,
            Seed = plan.Seed,
        };
    }
}
