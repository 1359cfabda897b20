using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Hita.Checkpoints;
using Hita.Server;
using Hita.Server.Jobs;
using Hita.Server.Settings;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Hita.Tests.Server;

/// <summary>Tests that share one server run one after the other: its queue is short.</summary>
[CollectionDefinition(Name)]
public sealed class ServerCollection : ICollectionFixture<ServerFixture>
{
    public const string Name = "server";
}

/// <summary>An ASP.NET Core program of somebody else that has taken the server in, with the bundled pipeline, on a port of its own.</summary>
public sealed class ServerFixture : IAsyncDisposable
{
    private readonly Lazy<Task<TestServer>> _server = new(static () => TestServer.StartAsync(static options =>
    {
        options.Pipelines.Add(ServedPipeline.Of(BundledModels.Materials));
        options.Pipelines.Add(new ServedPipeline("small", "tiny", "tiny"));
        (options.MaxImages, options.MaxQueue, options.MaxPixels, options.MaxBodyBytes) = (6, 12, 200_000, 1 << 20);
    }));

    /// <summary>The server, loaded and warm.</summary>
    internal async Task<TestServer> ReadyAsync()
    {
        var server = await _server.Value;
        await server.Catalog.Ready;
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        if (_server.IsValueCreated)
            await (await _server.Value).DisposeAsync();
    }
}

/// <summary>A running server, and a client of it.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private TestServer(WebApplication app, Uri address)
    {
        _app = app;
        Client = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromMinutes(2) };
    }

    public HttpClient Client { get; }

    public Uri Address => Client.BaseAddress!;

    public ModelCatalog Catalog => _app.Services.GetRequiredService<ModelCatalog>();

    public JobRunner Runner => _app.Services.GetRequiredService<JobRunner>();

    public RequestMemory Memory => _app.Services.GetRequiredService<RequestMemory>();

    public ServerMetrics Metrics => _app.Services.GetRequiredService<ServerMetrics>();

    public static async Task<TestServer> StartAsync(Action<HitaServerOptions> configure, Action<IServiceCollection>? services = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.AddHita(configure);
        services?.Invoke(builder.Services);
        var app = builder.Build();
        app.UseHita();
        app.MapHita();
        await app.StartAsync();
        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        return new TestServer(app, new Uri(address));
    }

    public Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    /// <summary>Posts a task, waits for its job and returns it.</summary>
    public async Task<JsonElement> RunAsync(string route, HttpContent content)
    {
        using var taken = await Client.PostAsync($"/api/v1/{route}", content);
        var text = await taken.Content.ReadAsStringAsync();
        Assert.True(taken.StatusCode == HttpStatusCode.Accepted, text);
        return await WaitAsync(taken.Headers.Location!.ToString());
    }

    public async Task<JsonElement> WaitAsync(string job)
    {
        var answer = await Client.GetFromJsonAsync<JsonElement>($"{job}?wait=60");
        Assert.True(answer.GetProperty("state").GetString() == "succeeded", answer.ToString());
        return answer;
    }

    /// <summary>The error of an answer, its shape checked.</summary>
    public static async Task<(HttpStatusCode Status, string Code, string Message, string? Parameter)> ErrorAsync(HttpResponseMessage answer)
    {
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(!answer.IsSuccessStatusCode, text);
        using var json = JsonDocument.Parse(text);
        var error = Assert.Single(json.RootElement.EnumerateObject());
        Assert.Equal("error", error.Name);
        Assert.Equal(["message", "type", "param", "code"], error.Value.EnumerateObject().Select(static p => p.Name));
        var message = error.Value.GetProperty("message").GetString()!;
        Assert.InRange(message.Length, 15, 800);
        Assert.EndsWith(".", message, StringComparison.Ordinal);
        Assert.DoesNotContain(message, char.IsControl);
        Assert.DoesNotContain("   at ", message, StringComparison.Ordinal);
        return (answer.StatusCode, error.Value.GetProperty("code").GetString()!, message, error.Value.GetProperty("param").GetString());
    }
}
