using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Hita.Runtime;
using Hita.Server.Settings;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;

namespace Hita.Server.Requests;

/// <summary>Reads a request's fields from JSON or from a form, by the same rules.</summary>
internal static class RequestReader
{
    private const int MaxFields = 64;

    /// <summary>Reads the fields.</summary>
    /// <param name="http">The request.</param>
    /// <exception cref="ApiException">The body is of another kind, broken, or has a field that is unknown or not as it must be, or does not arrive in time.</exception>
    public static async Task<T> ReadAsync<T>(HttpContext http)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(http);
        var isForm = http.Request.ContentType is { } type && type.StartsWith("multipart/form-data", StringComparison.OrdinalIgnoreCase);
        if (isForm || http.Request.HasJsonContentType())
        {
            var limit = http.RequestServices.GetRequiredService<HitaServerOptions>().MaxTime;
            using var time = new CancellationTokenSource(limit, http.RequestServices.GetRequiredService<TimeProvider>());
            using var both = CancellationTokenSource.CreateLinkedTokenSource(time.Token, http.RequestAborted);
            try
            {
                return await (isForm ? ReadFormAsync<T>(http, both.Token) : ReadJsonAsync<T>(http, both.Token)).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (time.IsCancellationRequested)
            {
                throw new ApiException(408, "body_too_slow", $"The request's body did not arrive within {limit.TotalSeconds:0} seconds, which is the limit of this server.");
            }
        }
        throw new ApiException(415, "unsupported_media_type", "The body must be application/json or multipart/form-data, and its Content-Type must say so.");
    }

    private static async Task<T> ReadJsonAsync<T>(HttpContext http, CancellationToken cancellation)
        where T : class
    {
        try
        {
            return await JsonSerializer.DeserializeAsync<T>(http.Request.Body, ApiJson.Options, cancellation).ConfigureAwait(false)
                ?? throw new ApiException(400, "invalid_json", "The body must be a JSON object, and it is null.");
        }
        catch (JsonException e)
        {
            throw Explain(e);
        }
        catch (IOException e) when (e is not BadHttpRequestException)
        {
            // The client has gone; nobody reads this, but it is none of the server's faults either.
            throw new ApiException(400, "invalid_json", "The body ended early: the connection was closed.");
        }
    }

    private static async Task<T> ReadFormAsync<T>(HttpContext http, CancellationToken cancellation)
        where T : class
    {
        // All of it in memory: the body's own limit bounds it, and nothing is left on a disk.
        http.Features.Set<IFormFeature>(new FormFeature(http.Request, new FormOptions
        {
            MemoryBufferThreshold = int.MaxValue,
            MultipartBodyLengthLimit = long.MaxValue,
            ValueLengthLimit = 1 << 20,
            ValueCountLimit = MaxFields,
            KeyLengthLimit = 256,
        }));
        IFormCollection form;
        try
        {
            // Its own cancellation closes the connection, and the client would not be told why. What is left of the reading ends with the request.
            var reading = http.Request.ReadFormAsync(http.RequestAborted);
            _ = reading.ContinueWith(static r => r.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            form = await reading.WaitAsync(cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (e is InvalidDataException or (IOException and not BadHttpRequestException))
        {
            throw new ApiException(400, "invalid_form", "The form is cut off, has no boundary, or has more or longer fields than a request needs.");
        }
        var fields = new JsonObject();
        var properties = typeof(T).GetProperties().ToDictionary(NameOf, StringComparer.Ordinal);
        foreach (var (key, values) in form)
        {
            if (values.Count != 1)
                throw ApiException.Invalid(Printable(key), $"The field '{Printable(key)}' is there {values.Count} times, and once is needed.");
            fields[key] = Value(properties.GetValueOrDefault(key), values[0] ?? "");
        }
        T request;
        try
        {
            foreach (var file in form.Files)
            {
                var name = FieldOf(file.Name);
                if (!properties.TryGetValue(name, out var property) || property.PropertyType != typeof(Upload) || fields.ContainsKey(name))
                    throw ApiException.Invalid(Printable(name), $"There is no file '{Printable(name)}' in this request, or it is there several times.");
                // A mark that is replaced below: as text, the file would take a third more memory, twice.
                fields[name] = "";
            }
            request = fields.Deserialize<T>(ApiJson.Options)!;
        }
        catch (JsonException e)
        {
            throw Explain(e);
        }
        foreach (var file in form.Files)
            properties[FieldOf(file.Name)].SetValue(request, new Upload(await BytesAsync(file, cancellation).ConfigureAwait(false)));
        return request;
    }

    // Clients of OpenAI's API send several images as image[]; one is as good.
    private static string FieldOf(string name) => name.EndsWith("[]", StringComparison.Ordinal) ? name[..^2] : name;

    private static string NameOf(PropertyInfo property) =>
        property.GetCustomAttribute<JsonPropertyNameAttribute>()?.Name ?? JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name);

    // Forms know texts only. What is no text in the request is read as JSON, and words as they are.
    private static JsonNode? Value(PropertyInfo? property, string text)
    {
        var type = property is null ? typeof(string) : Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        if (type == typeof(string) || type.IsEnum || type == typeof(ClassWords))
            return JsonValue.Create(text);
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return JsonValue.Create(text);
        }
    }

    private static async Task<byte[]> BytesAsync(IFormFile file, CancellationToken cancellation)
    {
        var bytes = new byte[file.Length];
        var stream = file.OpenReadStream();
        await using (stream.ConfigureAwait(false))
            await stream.ReadExactlyAsync(bytes, cancellation).ConfigureAwait(false);
        return bytes;
    }

    private static ApiException Explain(JsonException e)
    {
        var path = e.Path is { Length: > 2 } p && p.StartsWith("$.", StringComparison.Ordinal) ? Printable(p[2..]) : null;
        var reason = Printable(ConfigJson.Reason(e));
        return path is null
            ? new ApiException(400, "invalid_json", $"The body cannot be read: {reason}.")
            : new ApiException(400, "invalid_value", $"The field '{path}' cannot be used: {reason}.", path);
    }

    private static string Printable(string text)
    {
        var escaped = PrintableText.Escape(text);
        return escaped.Length <= 200 ? escaped : escaped[..200] + "…";
    }
}
