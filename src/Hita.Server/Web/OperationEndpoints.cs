using Hita.Server.Jobs;
using Hita.Server.Requests;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Hita.Server.Web;

/// <summary>What keeps a server running asks for: is it alive, can it answer.</summary>
internal static class OperationEndpoints
{
    public static void Map(IEndpointRouteBuilder root)
    {
        root.MapGet("/health/live", static () => Results.Json(new HealthAnswer("live"), ApiJson.Options))
            .WithName("hita-live").WithSummary("Answers as long as the process does.").WithTags("operation").Produces<HealthAnswer>();
        root.MapGet("/health/ready", static (ModelCatalog catalog, JobRunner runner) =>
        {
            var (status, word) = runner.IsStopping ? (503, "stopping") : catalog.IsReady ? (200, "ready") : (503, "loading");
            return Results.Json(new HealthAnswer(word), ApiJson.Options, statusCode: status);
        })
            .WithName("hita-ready").WithSummary("200 once all models are loaded and warm, 503 before and while the server stops.").WithTags("operation")
            .Produces<HealthAnswer>().Produces<HealthAnswer>(StatusCodes.Status503ServiceUnavailable);
    }

    private sealed record HealthAnswer(string Status);
}
