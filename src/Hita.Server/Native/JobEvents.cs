using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json.Serialization;
using Hita.Server.Jobs;
using Hita.Server.Requests;

namespace Hita.Server.Native;

/// <summary>What happens to a job, as server-sent events: <c>progress</c>, <c>preview</c>, and at the end <c>done</c>.</summary>
internal static class JobEvents
{
    public static async IAsyncEnumerable<SseItem<string>> Of(Job job, string root, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var encoding = new ImageEncoding(OutputFormat.Webp, 90);
        await foreach (var news in job.WatchAsync(cancellation).ConfigureAwait(false))
        {
            if (news.Preview is { } preview)
            {
                var data = new PreviewEvent(preview.Index, preview.Tokens, encoding.ContentType, Convert.ToBase64String(encoding.Encode(preview.Image)));
                yield return new SseItem<string>(ApiJson.Write(data), "preview");
            }
            else
            {
                yield return new SseItem<string>(ApiJson.Write(JobAnswer.Of(job, root)), news.Status.IsEnded ? "done" : "progress");
            }
        }
    }

    /// <summary>An unfinished image.</summary>
    /// <param name="Image">Which of the job's images it is of.</param>
    /// <param name="Tokens">Tokens that were known.</param>
    /// <param name="ContentType">The kind of file.</param>
    /// <param name="Data">The file in base64.</param>
    private sealed record PreviewEvent(
        [property: JsonPropertyName("image")] int Image,
        [property: JsonPropertyName("tokens")] int Tokens,
        [property: JsonPropertyName("content_type")] string ContentType,
        [property: JsonPropertyName("b64_data")] string Data);
}
