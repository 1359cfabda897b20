using System.Globalization;
using System.Text.Json.Serialization;
using Hita.Models;
using Hita.Runtime;
using Hita.Server.Jobs;
using Microsoft.AspNetCore.Http;

namespace Hita.Server.Requests;

/// <summary>The answer to a request that failed, in the shape that clients of OpenAI's API read.</summary>
/// <param name="Error">What went wrong.</param>
public sealed record ErrorAnswer([property: JsonPropertyName("error")] ErrorDetails Error);

/// <summary>What went wrong.</summary>
/// <param name="Message">One complete sentence that names the thing at fault and the way out.</param>
/// <param name="Type">The kind: <c>invalid_request_error</c>, <c>authentication_error</c>, <c>rate_limit_error</c> or <c>server_error</c>.</param>
/// <param name="Param">The field at fault; null where it is none.</param>
/// <param name="Code">A word for programs, for example <c>queue_full</c>.</param>
public sealed record ErrorDetails(
    [property: JsonPropertyName("message")] string Message,
    [property: JsonPropertyName("type")] string Type,
    [property: JsonPropertyName("param")] string? Param,
    [property: JsonPropertyName("code")] string? Code);

/// <summary>Turns faults into answers.</summary>
internal static class ApiErrors
{
    /// <summary>What a client that went away would be answered; it is logged and counted all the same.</summary>
    public const int ClientClosedRequest = 499;

    /// <summary>The answer to a fault, whatever it is.</summary>
    public static ApiException Of(Exception fault) => fault switch
    {
        ApiException api => api,
        RefusedException refused => Of(refused),
        BadHttpRequestException { StatusCode: 413 } => new(413, "body_too_large", "The request's body is larger than this server takes."),
        BadHttpRequestException bad => new(bad.StatusCode, "bad_request", "The request is not complete, or not as HTTP demands."),
        HostBusyException busy => new(429, "queue_full", busy.Message, retryAfter: busy.RetryAfter),
        HostStoppedException => new(503, "stopping", "The server stopped before this was done; ask again when it is back.", retryAfter: TimeSpan.FromSeconds(5)),
        TimeoutException => new(504, "timeout", fault.Message),
        OperationCanceledException => new(ClientClosedRequest, "cancelled", "This was cancelled."),
        HitaException => new(400, "invalid_request", fault.Message),
        OutOfMemoryException => new(503, "out_of_memory", "There is not enough memory for this now: ask for fewer or smaller images at a time.", retryAfter: TimeSpan.FromSeconds(5)),
        _ => new(500, "internal_error", "The server failed unexpectedly; its log says more."),
    };

    /// <summary>The body of an answer.</summary>
    public static ErrorAnswer Body(ApiException fault) => new(new ErrorDetails(Sentence(fault.Message), TypeOf(fault.Status), fault.Parameter, fault.Code));

    /// <summary>Answers, where the answer has not begun.</summary>
    public static async Task WriteAsync(HttpContext http, ApiException fault)
    {
        if (http.Response.HasStarted)
            return;
        // Headers stay: some of them guard browsers.
        http.Response.StatusCode = fault.Status;
        if (fault.RetryAfter is { } wait)
            http.Response.Headers.RetryAfter = Math.Max((long)Math.Ceiling(wait.TotalSeconds), 1).ToString(CultureInfo.InvariantCulture);
        if (fault.Status == StatusCodes.Status401Unauthorized)
            http.Response.Headers.WWWAuthenticate = "Bearer";
        await http.Response.WriteAsJsonAsync(Body(fault), ApiJson.Options, http.RequestAborted).ConfigureAwait(false);
    }

    // Lists of faults end without a full stop, and some quote line breaks.
    private static string Sentence(string message)
    {
        var line = message.ReplaceLineEndings(" ").Trim();
        return line.EndsWith('.') ? line : line + ".";
    }

    private static ApiException Of(RefusedException refused) => refused.Reason switch
    {
        Refusal.QueueFull => new(429, "queue_full", refused.Message, retryAfter: refused.RetryAfter),
        Refusal.MemoryFull when refused.RetryAfter is null => new(413, "body_too_large", refused.Message),
        Refusal.MemoryFull => new(429, "memory_full", refused.Message, retryAfter: refused.RetryAfter),
        Refusal.NotReady => new(503, "not_ready", refused.Message, retryAfter: refused.RetryAfter),
        Refusal.Stopping => new(503, "stopping", refused.Message, retryAfter: refused.RetryAfter),
        _ => new(404, "model_not_found", refused.Message, "model"),
    };

    private static string TypeOf(int status) => status switch
    {
        401 => "authentication_error",
        403 => "permission_error",
        429 => "rate_limit_error",
        >= 500 => "server_error",
        _ => "invalid_request_error",
    };
}
