using Hita.Imaging;
using Hita.Server.Jobs;
using Hita.Server.Requests;
using Hita.Server.Settings;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Hita.Server.Native;

/// <summary>The server's own API: everything the command line can do, as jobs.</summary>
internal static class NativeEndpoints
{
    /// <summary>Where it is.</summary>
    public const string Root = "/api/v1";

    public static void Map(IEndpointRouteBuilder api)
    {
        MapTask<GenerateFields>(api, "generate", "Generate images of classes.", static (maker, fields) => maker.Make(fields), form: false);
        MapTask<ReplayFields>(api, "replay", "Generate an image again from the settings that its PNG carries, and compare.", static (maker, fields) => maker.Make(fields));
        MapTask<EncodeFields>(api, "reconstruct", "Turn an image into codes and back.", static (maker, fields) => maker.Make(fields, reconstruct: true));
        MapTask<EncodeFields>(api, "encode", "Turn an image into holistic and patch codes.", static (maker, fields) => maker.Make(fields, reconstruct: false));
        MapTask<DecodeFields>(api, "decode", "Turn codes into an image.", static (maker, fields) => maker.Make(fields), form: false);
        MapTask<StyleFields>(api, "style", "Render one image in the style of another.", static (maker, fields) => maker.Make(fields));
        MapTask<VaryFields>(api, "vary", "Generate images that share the holistic or the patch codes of an image.", static (maker, fields) => maker.Make(fields));
        MapTask<MorphFields>(api, "morph", "Morph one image into another.", static (maker, fields) => maker.Make(fields));
        MapTask<InpaintFields>(api, "inpaint", "Regenerate the part of an image that a mask, a box or the lower half marks.", static (maker, fields) => maker.Make(fields));
        MapTask<OutpaintFields>(api, "outpaint", "Extend an image beyond its edges.", static (maker, fields) => maker.Make(fields));
        MapTask<EditClassFields>(api, "edit-class", "Regenerate a box of an image as part of another class.", static (maker, fields) => maker.Make(fields));
        MapTask<ExploreFields>(api, "explore", "Find out what each holistic code of an image does.", static (maker, fields) => maker.Make(fields));
        MapJobs(api);
        MapModels(api);
    }

    private static void MapTask<T>(
        IEndpointRouteBuilder api, string name, string summary, Func<TaskMaker, T, (ImageTask Task, ServedModel Model)> make, bool form = true)
        where T : class
    {
        api.MapPost($"{Root}/{name}", async (HttpContext http, TaskMaker maker, JobRunner runner, RequestTurns turns) =>
        {
            var fields = await RequestReader.ReadAsync<T>(http).ConfigureAwait(false);
            var job = await turns.RunAsync(
                () =>
                {
                    var (task, model) = make(maker, fields);
                    return runner.Start(task, model);
                },
                http.RequestAborted).ConfigureAwait(false);
            var answer = JobAnswer.Of(job, RootOf(http));
            http.Response.Headers.Location = answer.Url;
            return Results.Json(answer, ApiJson.Options, statusCode: StatusCodes.Status202Accepted);
        })
        .WithName($"hita-{name}").WithSummary(summary).WithTags("tasks")
        .Accepts<T>("application/json", form ? ["multipart/form-data"] : [])
        .Produces<JobAnswer>(StatusCodes.Status202Accepted)
        .Produces<ErrorAnswer>(StatusCodes.Status400BadRequest)
        .Produces<ErrorAnswer>(StatusCodes.Status429TooManyRequests);
    }

    private static void MapJobs(IEndpointRouteBuilder api)
    {
        api.MapGet($"{Root}/jobs", (HttpContext http, JobRunner runner) =>
            Results.Json(runner.Jobs.Select(j => JobAnswer.Of(j, RootOf(http)) with { Results = [] }), ApiJson.Options))
            .WithName("hita-jobs").WithSummary("All jobs, the newest first, without their results.").WithTags("jobs").Produces<IReadOnlyList<JobAnswer>>();
        api.MapGet($"{Root}/jobs/{{id}}", async (HttpContext http, JobRunner runner, string id, double? wait) =>
        {
            var job = Find(runner, id);
            if (wait is > 0 and <= 60)
                await Task.WhenAny(job.Completion, Task.Delay(TimeSpan.FromSeconds(wait.Value), http.RequestAborted)).ConfigureAwait(false);
            return Results.Json(JobAnswer.Of(job, RootOf(http)), ApiJson.Options);
        })
            .WithName("hita-job").WithSummary("A job: its state, progress and results. With wait=S the answer comes when it has ended, or after S seconds (60 at most).")
            .WithTags("jobs").Produces<JobAnswer>().Produces<ErrorAnswer>(StatusCodes.Status404NotFound);
        api.MapDelete($"{Root}/jobs/{{id}}", async (HttpContext http, JobRunner runner, string id) =>
        {
            var job = Find(runner, id);
            job.Cancel();
            await Task.WhenAny(job.Completion, Task.Delay(TimeSpan.FromSeconds(5), http.RequestAborted)).ConfigureAwait(false);
            return Results.Json(JobAnswer.Of(job, RootOf(http)), ApiJson.Options);
        })
            .WithName("hita-cancel").WithSummary("Cancel a job, within one token; one that has ended stays as it is.").WithTags("jobs").Produces<JobAnswer>();
        api.MapGet($"{Root}/jobs/{{id}}/events", (HttpContext http, JobRunner runner, string id) =>
            TypedResults.ServerSentEvents(JobEvents.Of(Find(runner, id), RootOf(http), http.RequestAborted)))
            .WithName("hita-events").WithSummary("What happens to a job, as server-sent events: progress, preview, done.").WithTags("jobs");
        api.MapGet($"{Root}/jobs/{{id}}/results/{{index:int}}", (JobRunner runner, HitaServerOptions options, string id, int index, [AsParameters] FileQuery query) =>
            File(Find(runner, id), index, query, options))
            .WithName("hita-result").WithSummary("One result of a job: as PNG with its settings inside, or by format=webp|jpeg, quality=1…100, width and height.")
            .WithTags("jobs").Produces(StatusCodes.Status200OK, contentType: "image/png").Produces<ErrorAnswer>(StatusCodes.Status404NotFound);
    }

    private static void MapModels(IEndpointRouteBuilder api)
    {
        api.MapGet($"{Root}/models", (ModelCatalog catalog) => Results.Json(catalog.Models.Select(ModelAnswer.Of), ApiJson.Options))
            .WithName("hita-models").WithSummary("The models that are loaded, the default one first.").WithTags("models").Produces<IReadOnlyList<ModelAnswer>>();
        api.MapGet($"{Root}/models/{{id}}/classes", (ModelCatalog catalog, string id) =>
        {
            var names = catalog.Find(id).Classes;
            return Results.Json(Enumerable.Range(0, names.Count).Select(i => new ClassAnswer(i, names[i], names.Synonyms(i))), ApiJson.Options);
        })
            .WithName("hita-classes").WithSummary("The classes of a model.").WithTags("models").Produces<IReadOnlyList<ClassAnswer>>();
        api.MapGet($"{Root}/status", (ModelCatalog catalog, JobRunner runner, ServerMetrics metrics, HitaServerOptions options) => Results.Json(
            new StatusAnswer(
                catalog.IsReady, runner.IsStopping, metrics.Queued, options.MaxQueue, options.MaxImages, options.MaxPixels, options.MaxBodyBytes, options.MaxTime.TotalSeconds),
            ApiJson.Options))
            .WithName("hita-status").WithSummary("The queue, and the limits of this server.").WithTags("models").Produces<StatusAnswer>();
    }

    private static Job Find(JobRunner runner, string id) =>
        runner.Find(id) ?? throw new ApiException(404, "job_not_found", "There is no such job; results are kept for a while only.");

    private static IResult File(Job job, int index, FileQuery query, HitaServerOptions options)
    {
        if (index < 0 || index >= job.Results.Count)
        {
            throw job.Status.IsEnded
                ? new ApiException(404, "result_not_found", $"This job has {job.Results.Count} results.")
                : new ApiException(409, "not_done", "This job has not ended yet; its state says when.");
        }
        var result = job.Results[index];
        if (result.Data is { } data)
            return Results.Bytes(data, result.ContentType);
        if (result.Image is null)
            throw new ApiException(404, "result_not_found", "This result is no file; all of it is in the job.");
        if (query.Quality is < 1 or > 100)
            throw ApiException.Invalid("quality", "The quality must be 1 to 100.");
        var encoding = new ImageEncoding(
            query.Format switch
            {
                null or "png" => OutputFormat.Png,
                "webp" => OutputFormat.Webp,
                "jpeg" => OutputFormat.Jpeg,
                _ => throw ApiException.Invalid("format", "The format must be png, webp or jpeg."),
            },
            query.Quality ?? 95);
        var (width, height) = (query.Width ?? result.Image.Width, query.Height ?? result.Image.Height);
        if (width < 1 || height < 1 || (long)width * height > Math.Max(options.MaxPixels, (long)result.Image.Width * result.Image.Height))
            throw ApiException.Invalid("width", $"An image of {width}×{height} pixels is not possible; {options.MaxPixels} pixels are here.");
        var fitted = (width, height) == (result.Image.Width, result.Image.Height) ? result.Image : ImageFit.Cover(result.Image, width, height);
        return Results.Bytes(encoding.Encode(fitted, result.Text), encoding.ContentType);
    }

    private static string RootOf(HttpContext http) => http.Request.PathBase + Root;

    /// <summary>How an image is fetched.</summary>
    /// <param name="Format">png, webp or jpeg.</param>
    /// <param name="Quality">Of WebP and JPEG, 1 to 100.</param>
    /// <param name="Width">In pixels; its own where left out.</param>
    /// <param name="Height">In pixels; its own where left out.</param>
    internal sealed record FileQuery(string? Format, int? Quality, int? Width, int? Height);
}
