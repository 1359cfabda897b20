using System.Globalization;
using System.Text.Json.Serialization;
using Hita.Runtime;
using Hita.Server.Jobs;
using Hita.Server.Requests;

namespace Hita.Server.Native;

/// <summary>A job as clients see it.</summary>
internal sealed record JobAnswer
{
    [JsonPropertyName("id")]
    public required string Id { get; init; }

    [JsonPropertyName("kind")]
    public required string Kind { get; init; }

    [JsonPropertyName("model")]
    public required string Model { get; init; }

    /// <summary><c>waiting</c>, <c>running</c>, <c>succeeded</c>, <c>failed</c> or <c>cancelled</c>.</summary>
    [JsonPropertyName("state")]
    public required string State { get; init; }

    [JsonPropertyName("url")]
    public required string Url { get; init; }

    [JsonPropertyName("events_url")]
    public required string EventsUrl { get; init; }

    [JsonPropertyName("created_at")]
    public required DateTimeOffset CreatedAt { get; init; }

    [JsonPropertyName("started_at")]
    public DateTimeOffset? StartedAt { get; init; }

    [JsonPropertyName("ended_at")]
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Steps done: tokens, frames or codes.</summary>
    [JsonPropertyName("done")]
    public long Done { get; init; }

    /// <summary>Steps in all, as far as is known; 0 while nothing is.</summary>
    [JsonPropertyName("total")]
    public long Total { get; init; }

    [JsonPropertyName("seconds_left")]
    public double? SecondsLeft { get; init; }

    [JsonPropertyName("error")]
    public ErrorDetails? Error { get; init; }

    [JsonPropertyName("results")]
    public IReadOnlyList<ResultAnswer> Results { get; init; } = [];

    public static JobAnswer Of(Job job, string root)
    {
        var status = job.Status;
        var url = $"{root}/jobs/{job.Id}";
        return new JobAnswer
        {
            Id = job.Id,
            Kind = job.Kind,
            Model = job.Model.Id,
            State = EnumWords.Of(status.State),
            Url = url,
            EventsUrl = $"{url}/events",
            CreatedAt = job.Created,
            StartedAt = status.Started,
            EndedAt = status.Ended,
            Done = status.Done,
            Total = status.Total,
            SecondsLeft = status.TimeLeft?.TotalSeconds,
            Error = job.Fault is { } fault ? ApiErrors.Body(ApiErrors.Of(fault)).Error : null,
            Results = [.. job.Results.Select((r, i) => ResultAnswer.Of(r, i, url))],
        };
    }
}

/// <summary>One result of a job as clients see it.</summary>
internal sealed record ResultAnswer
{
    [JsonPropertyName("name")]
    public required string Name { get; init; }

    /// <summary>Where it is fetched; null where it is no file.</summary>
    [JsonPropertyName("url")]
    public string? Url { get; init; }

    [JsonPropertyName("content_type")]
    public string? ContentType { get; init; }

    [JsonPropertyName("width")]
    public int? Width { get; init; }

    [JsonPropertyName("height")]
    public int? Height { get; init; }

    /// <summary>What else there is to say of it: seed, class, scores, codes.</summary>
    [JsonPropertyName("facts")]
    public required IReadOnlyDictionary<string, object?> Facts { get; init; }

    public static ResultAnswer Of(JobResult result, int index, string jobUrl)
    {
        var isFile = result.Image is not null || result.Data is not null;
        return new ResultAnswer
        {
            Name = result.Name,
            Url = isFile ? string.Create(CultureInfo.InvariantCulture, $"{jobUrl}/results/{index}") : null,
            ContentType = isFile ? result.ContentType : null,
            Width = result.Image?.Width,
            Height = result.Image?.Height,
            Facts = result.Facts,
        };
    }
}
