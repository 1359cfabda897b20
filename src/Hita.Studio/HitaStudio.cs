using Hita.Studio.Hosting;
using Hita.Studio.Runs;
using Hita.Studio.Sessions;
using Hita.Studio.Settings;
using Hita.Studio.Shell;
using Hita.Studio.Work;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using MudBlazor;
using MudBlazor.Services;

namespace Hita.Studio;

/// <summary>Adds the studio's pages to a program with an image server.</summary>
public static class HitaStudio
{
    /// <summary>Adds the services. <see cref="Server.HitaServer.AddHita(IServiceCollection, Server.Settings.HitaServerOptions)"/> must have been called.</summary>
    /// <param name="services">The program's services.</param>
    /// <param name="options">What is shown and kept; null for the defaults.</param>
    /// <returns>The services themselves.</returns>
    public static IServiceCollection AddHitaStudio(this IServiceCollection services, StudioOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddSingleton(options ?? new StudioOptions());
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<SessionStore>();
        services.AddSingleton<ImageIntake>();
        services.AddSingleton<RunCatalog>();
        services.AddScoped<StudioCircuit>();
        services.AddScoped<Picks>();
        services.AddScoped<GenerateState>();
        services.AddMudServices(static mud =>
        {
            mud.SnackbarConfiguration.PositionClass = Defaults.Classes.Position.BottomCenter;
            mud.SnackbarConfiguration.VisibleStateDuration = 4000;
            mud.SnackbarConfiguration.ShowTransitionDuration = 150;
            mud.SnackbarConfiguration.HideTransitionDuration = 150;
        });
        services.AddRazorComponents().AddInteractiveServerComponents(static circuit =>
        {
            // A page that was closed cancels its work soon; one whose network is bad for a moment goes on.
            circuit.DisconnectedCircuitRetentionPeriod = TimeSpan.FromSeconds(60);
            circuit.DisconnectedCircuitMaxRetained = 64;
        });
        return services;
    }

    /// <summary>
    /// Adds the pages, at the program's root. Comes after <see cref="EndpointRoutingApplicationBuilderExtensions.UseRouting"/>: what
    /// guards the pages must know which one is asked for.
    /// </summary>
    /// <param name="app">The program.</param>
    /// <returns>The program itself.</returns>
    public static WebApplication MapHitaStudio(this WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);
        app.UseMiddleware<StudioGate>();
        app.UseAntiforgery();
        StudioAssets.Map(app);
        StudioEndpoints.Map(app);
        app.MapRazorComponents<App>().AddInteractiveServerRenderMode(static options =>
        {
            // The server's own policy says it, more strictly.
            options.ContentSecurityFrameAncestorsPolicy = null;
            options.DisableWebSocketCompression = false;
        });
        return app;
    }
}
