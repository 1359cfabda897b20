using Hita.Models;
using Hita.Server;
using Hita.Server.Jobs;
using Hita.Server.Settings;
using Hita.Studio;
using Hita.Studio.Settings;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Hita.Tests.Browser;

/// <summary>A server with the studio, on a port of its own.</summary>
internal sealed class StudioServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private StudioServer(WebApplication app, string address) => (_app, Address) = (app, address);

    /// <summary>Where it listens, without a slash at the end.</summary>
    public string Address { get; }

    public ModelCatalog Catalog => _app.Services.GetRequiredService<ModelCatalog>();

    public ImagePipeline Pipeline => Catalog.Models[0].Pipeline;

    public int Queued => _app.Services.GetRequiredService<ServerMetrics>().Queued;

    public static async Task<StudioServer> StartAsync(Action<HitaServerOptions> configure, StudioOptions? studio = null, string url = "http://127.0.0.1:0")
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls(url);
        builder.Logging.ClearProviders();
        builder.Services.AddDataProtection().UseEphemeralDataProtectionProvider();
        builder.Services.AddHita(configure);
        builder.Services.AddHitaStudio(studio);
        var app = builder.Build();
        app.UseHita();
        app.UseRouting();
        app.MapHitaStudio();
        app.MapHita();
        await app.StartAsync();
        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        var server = new StudioServer(app, address.TrimEnd('/'));
        await server.Catalog.Ready;
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
