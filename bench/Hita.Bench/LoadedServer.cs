using System.Globalization;
using System.Text.Json;
using Hita.Runtime;

namespace Hita.Bench;

/// <summary>What a running server tells of itself, for a load.</summary>
/// <param name="server">Its address.</param>
public sealed class LoadedServer(Uri server) : IDisposable
{
    private const string Resident = "dotnet_process_memory_working_set_bytes";
    private readonly HttpClient _client = new() { BaseAddress = server, Timeout = TimeSpan.FromSeconds(30) };

    /// <summary>How many classes its first model has.</summary>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="HitaException">No such server answers there, or it asks for a key.</exception>
    public async Task<int> CountClassesAsync(CancellationToken cancellation)
    {
        using var models = await JsonAsync("/api/v1/models", cancellation).ConfigureAwait(false);
        if (models.RootElement.ValueKind != JsonValueKind.Array || models.RootElement.GetArrayLength() == 0 || !models.RootElement[0].TryGetProperty("id", out var id))
            throw new HitaException($"The server at {server} has no models; is it one of 'hita serve'?");
        using var classes = await JsonAsync($"/api/v1/models/{Uri.EscapeDataString(id.ToString())}/classes", cancellation).ConfigureAwait(false);
        return classes.RootElement.GetArrayLength();
    }

    /// <summary>Its memory, in bytes, by its own metrics; null where it does not tell.</summary>
    /// <param name="cancellation">Gives up.</param>
    public async Task<long?> ResidentBytesAsync(CancellationToken cancellation)
    {
        try
        {
            var metrics = await _client.GetStringAsync(new Uri("/metrics", UriKind.Relative), cancellation).ConfigureAwait(false);
            var line = metrics.Split('\n').FirstOrDefault(static l => l.StartsWith(Resident, StringComparison.Ordinal));
            return line is not null && double.TryParse(line[(line.LastIndexOf(' ') + 1)..], NumberStyles.Float, CultureInfo.InvariantCulture, out var bytes) ? (long)bytes : null;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private async Task<JsonDocument> JsonAsync(string path, CancellationToken cancellation)
    {
        try
        {
            using var answer = await _client.GetAsync(new Uri(path, UriKind.Relative), cancellation).ConfigureAwait(false);
            var text = await answer.Content.ReadAsStringAsync(cancellation).ConfigureAwait(false);
            return answer.IsSuccessStatusCode
                ? JsonDocument.Parse(text)
                : throw new HitaException($"The server at {server} answers {(int)answer.StatusCode} to {path}; a load needs one of 'hita serve' that is ready and asks for no key.");
        }
        catch (Exception e) when (e is HttpRequestException or JsonException || (e is TaskCanceledException && !cancellation.IsCancellationRequested))
        {
            throw new HitaException($"No server of 'hita serve' answers at {server}: {PrintableText.Escape(e.Message)}", e);
        }
    }
}
