using System.Globalization;
using Hita.Server.Jobs;
using Hita.Server.Native;
using Hita.Server.Requests;
using Hita.Server.Settings;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Hita.Server.OpenAi;

/// <summary>OpenAI's images API. The prompt names classes; the seed is a field of its own.</summary>
internal static class OpenAiEndpoints
{
    /// <summary>Where it is.</summary>
    public const string Root = "/v1";

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapPost($"{Root}/images/generations", async (HttpContext http, OpenAiService service, ModelCatalog catalog, HitaServerOptions options) =>
        {
            var fields = await RequestReader.ReadAsync<ImageFields>(http).ConfigureAwait(false);
            return await service.AnswerAsync(http, () => ImagePlan.Generation(fields, catalog, options)).ConfigureAwait(false);
        })
            .WithName("openai-generations").WithSummary("Generate images of classes, as OpenAI's API does.").WithTags("openai")
            .Accepts<ImageFields>("application/json").Produces<ImagesAnswer>()
            .Produces<ErrorAnswer>(StatusCodes.Status400BadRequest).Produces<ErrorAnswer>(StatusCodes.Status429TooManyRequests);
        api.MapPost($"{Root}/images/edits", async (HttpContext http, OpenAiService service, ModelCatalog catalog, HitaServerOptions options) =>
        {
            var fields = await RequestReader.ReadAsync<EditFields>(http).ConfigureAwait(false);
            return await service.AnswerAsync(http, () => ImagePlan.Edit(fields, catalog, options)).ConfigureAwait(false);
        })
            .WithName("openai-edits").WithSummary("Regenerate the masked part of an image, as OpenAI's API does.").WithTags("openai")
            .Accepts<EditFields>("multipart/form-data", "application/json").Produces<ImagesAnswer>()
            .Produces<ErrorAnswer>(StatusCodes.Status400BadRequest).Produces<ErrorAnswer>(StatusCodes.Status429TooManyRequests);
        api.MapGet($"{Root}/models", (ModelCatalog catalog) => Results.Json(new ModelList([.. catalog.Models.Select(Model)]), ApiJson.Options))
            .WithName("openai-models").WithSummary("The models that are loaded, the default one first.").WithTags("openai").Produces<ModelList>();
        api.MapGet($"{Root}/models/{{id}}", (ModelCatalog catalog, string id) => Results.Json(Model(catalog.Find(id)), ApiJson.Options))
            .WithName("openai-model").WithSummary("One model.").WithTags("openai").Produces<ModelObject>().Produces<ErrorAnswer>(StatusCodes.Status404NotFound);
    }

    private static ModelObject Model(ServedModel model) => new(model.Id, model.Created.ToUnixTimeSeconds());
}

/// <summary>Runs image requests while their client waits.</summary>
/// <param name="runner">The jobs.</param>
/// <param name="turns">The turns to decode uploads.</param>
/// <param name="clock">The time.</param>
internal sealed class OpenAiService(JobRunner runner, RequestTurns turns, TimeProvider clock)
{
    /// <summary>Runs a request and answers. A client that goes away cancels it.</summary>
    /// <param name="http">The request.</param>
    /// <param name="plan">Makes its plan; called off this thread, as uploads are decoded in it.</param>
    public async Task<IResult> AnswerAsync(HttpContext http, Func<ImagePlan> plan)
    {
        var (made, jobs) = await turns.RunAsync(
            () =>
            {
                var made = plan();
                return (made, Start(made, http.RequestAborted));
            },
            http.RequestAborted).ConfigureAwait(false);
        if (made.IsStream)
            return TypedResults.ServerSentEvents(ImageStream.Of(made, jobs, clock, http.RequestAborted));
        await Task.WhenAll(jobs.Select(static j => j.Completion)).ConfigureAwait(false);
        foreach (var job in jobs)
        {
            if (job.Fault is { } fault)
                throw ApiErrors.Of(fault);
        }
        return Results.Json(await turns.RunAsync(() => Answer(http, made, jobs), http.RequestAborted).ConfigureAwait(false), ApiJson.Options);
    }

    private List<Job> Start(ImagePlan plan, CancellationToken cancellation)
    {
        var jobs = new List<Job>();
        try
        {
            foreach (var task in plan.Tasks)
                jobs.Add(runner.Start(task, plan.Model, keep: plan.AsUrl, cancellation));
        }
        catch
        {
            foreach (var job in jobs)
                job.Cancel();
            throw;
        }
        return jobs;
    }

    private ImagesAnswer Answer(HttpContext http, ImagePlan plan, List<Job> jobs)
    {
        var data = new List<ImageAnswer>();
        var size = "auto";
        foreach (var job in jobs)
        {
            for (var i = 0; i < job.Results.Count; i++)
            {
                var result = job.Results[i];
                var image = plan.Fit(result.Image!);
                size = $"{image.Width}x{image.Height}";
                data.Add(new ImageAnswer
                {
                    Base64 = plan.AsUrl ? null : Convert.ToBase64String(plan.Encoding.Encode(image, result.Text)),
                    Url = plan.AsUrl ? UrlOf(http, plan, job, i) : null,
                    RevisedPrompt = plan.Model.Classes[plan.Classes[data.Count]],
                    Seed = (ulong)result.Facts["seed"]!,
                    Image = result.Facts.GetValueOrDefault("image") as long? ?? 0,
                });
            }
        }
        return new ImagesAnswer
        {
            Created = clock.GetUtcNow().ToUnixTimeSeconds(),
            Data = data,
            OutputFormat = ApiJson.Word(plan.Encoding.Format),
            Size = size,
            Usage = plan.Usage,
            Seed = plan.Seed,
            Model = plan.Model.Id,
        };
    }

    private static string UrlOf(HttpContext http, ImagePlan plan, Job job, int index) => string.Create(
        CultureInfo.InvariantCulture,
        $"{http.Request.Scheme}://{http.Request.Host}{http.Request.PathBase}{NativeEndpoints.Root}/jobs/{job.Id}/results/{index}?format={ApiJson.Word(plan.Encoding.Format)}&quality={plan.Encoding.Quality}") +
        (plan.Size is var (width, height) ? string.Create(CultureInfo.InvariantCulture, $"&width={width}&height={height}") : "");
}
