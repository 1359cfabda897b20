using Hita.Server.Jobs;
using Hita.Server.Requests;
using Hita.Server.Settings;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Hita.Server.Web;

/// <summary>What every request of the API passes: the key, the origin, the body's limit; and where every fault becomes an answer.</summary>
internal sealed partial class ApiFilter(HitaServerOptions options, RequestMemory memory, ServerMetrics metrics, ILogger<ApiFilter> log) : IEndpointFilter
{
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        try
        {
            if (KeyFault(http, options) is { } fault)
                throw fault;
            OriginCheck.Check(http, options);
            LimitBody(http);
            using var body = TakeBody(http);
            return await next(context).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            return Results.StatusCode(ApiErrors.ClientClosedRequest);
        }
#pragma warning disable CA1031 // Whatever it is becomes an answer in the API's shape.
        catch (Exception e)
#pragma warning restore CA1031
        {
            var answer = ApiErrors.Of(e);
            if (answer.Status == StatusCodes.Status500InternalServerError)
                LogUnexpected(e, http.Request.Method, http.GetEndpoint()?.DisplayName);
            return new ErrorResult(answer);
        }
    }

    /// <summary>What is wrong with the key that a request brings; null where nothing is.</summary>
    public static ApiException? KeyFault(HttpContext http, HitaServerOptions options)
    {
        if (!options.Keys.AreRequired)
            return null;
        const string Scheme = "Bearer ";
        var header = http.Request.Headers.Authorization.ToString();
        var key = header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? header[Scheme.Length..].Trim() : null;
        if (options.Keys.Accept(key))
            return null;
        return key is null
            ? new ApiException(401, "missing_api_key", "This server asks for an API key: send it as 'Authorization: Bearer KEY'.")
            : new ApiException(401, "invalid_api_key", "The API key is none of this server's.");
    }

    // Before anything of the body is read.
    private void LimitBody(HttpContext http)
    {
        if (http.Request.ContentLength > options.MaxBodyBytes)
            throw new ApiException(413, "body_too_large", $"The body has {http.Request.ContentLength} bytes, and {options.MaxBodyBytes} are possible here.");
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = options.MaxBodyBytes;
    }

    // The request as it came, and what is read from it.
    private IDisposable? TakeBody(HttpContext http)
    {
        if (http.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: false })
            return null;
        try
        {
            return memory.Take(2 * (http.Request.ContentLength ?? options.MaxBodyBytes));
        }
        catch (RefusedException e)
        {
            metrics.Refused(e.Reason);
            throw;
        }
    }

    [LoggerMessage(1, LogLevel.Error, "{Method} {Endpoint} failed unexpectedly")]
    private partial void LogUnexpected(Exception fault, string method, string? endpoint);

    private sealed class ErrorResult(ApiException fault) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext) => ApiErrors.WriteAsync(httpContext, fault);
    }
}
