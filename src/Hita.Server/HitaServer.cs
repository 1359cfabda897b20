using Hita.Server.Jobs;
using Hita.Server.Native;
using Hita.Server.OpenAi;
using Hita.Server.Requests;
using Hita.Server.Settings;
using Hita.Server.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using OpenTelemetry.Metrics;

namespace Hita.Server;

/// <summary>Adds an image server to an ASP.NET Core program.</summary>
public static class HitaServer
{
    private const string CorsPolicy = "hita";

    /// <summary>Adds the services: models, jobs, metrics. The models are loaded when the program starts.</summary>
    /// <param name="services">The program's services.</param>
    /// <param name="configure">Names the pipelines and sets the limits.</param>
    /// <returns>The services themselves.</returns>
    /// <exception cref="Runtime.ConfigException">A setting is impossible.</exception>
    public static IServiceCollection AddHita(this IServiceCollection services, Action<HitaServerOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        var options = new HitaServerOptions();
        configure(options);
        return AddHita(services, options);
    }

    /// <summary>Adds the services: models, jobs, metrics. The models are loaded when the program starts.</summary>
    /// <param name="services">The program's services.</param>
    /// <param name="options">The pipelines and the limits.</param>
    /// <returns>The services themselves.</returns>
    /// <exception cref="Runtime.ConfigException">A setting is impossible.</exception>
    public static IServiceCollection AddHita(this IServiceCollection services, HitaServerOptions options)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(options);
        services.AddSingleton(options.Validate());
        services.TryAddSingleton(TimeProvider.System);
        services.AddMetrics();
        services.AddSingleton<ModelCatalog>();
        services.AddSingleton<ServerMetrics>();
        services.AddSingleton<RequestMemory>();
        services.AddSingleton<RequestTurns>();
        services.AddSingleton<JobRunner>();
        services.AddSingleton<TaskMaker>();
        services.AddSingleton<OpenAiService>();
        services.AddSingleton<ApiFilter>();
        services.AddHostedService<ServerLifetime>();
        services.AddOpenApi(ApiDocument.Name, ApiDocument.Configure);
        // The program's name and what else it measures are its own affair.
        services.AddOpenTelemetry().WithMetrics(static metrics => metrics.AddMeter(ServerMetrics.MeterName).AddPrometheusExporter());
        if (options.AllowedOrigins.Count > 0)
            services.AddCors(cors => cors.AddPolicy(CorsPolicy, policy => policy.WithOrigins([.. options.AllowedOrigins]).AllowAnyHeader().AllowAnyMethod().WithExposedHeaders("Location", "Retry-After")));
        return services;
    }

    /// <summary>
    /// Adds what guards all of a program's pages and routes: security headers, the check of the host's name, answers in the API's shape for
    /// addresses that are none, and the origins that are allowed. Comes before everything else.
    /// </summary>
    /// <param name="app">The program.</param>
    /// <returns>The program itself.</returns>
    public static IApplicationBuilder UseHita(this IApplicationBuilder app)
    {
        ArgumentNullException.ThrowIfNull(app);
        var options = app.ApplicationServices.GetRequiredService<HitaServerOptions>();
        if (options.TrustedProxies.Count > 0)
            app.UseForwardedHeaders(Forwarding(options));
        app.UseMiddleware<ProtectionMiddleware>();
        if (options.AllowedOrigins.Count > 0)
            app.UseCors(CorsPolicy);
        return app;
    }

    /// <summary>Maps the routes: <c>/v1</c>, <c>/api/v1</c>, <c>/health</c>, <c>/metrics</c>, <c>/openapi/v1.json</c> and <c>/docs</c>.</summary>
    /// <param name="endpoints">The program's routes, or a group of them.</param>
    /// <returns>The routes, for further conventions.</returns>
    public static IEndpointConventionBuilder MapHita(this IEndpointRouteBuilder endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var root = endpoints.MapGroup("");
        var api = root.MapGroup("").WithGroupName(ApiDocument.Name);
        api.AddEndpointFilter(endpoints.ServiceProvider.GetRequiredService<ApiFilter>());
        OpenAiEndpoints.Map(api);
        NativeEndpoints.Map(api);
        OperationEndpoints.Map(root.MapGroup("").WithGroupName(ApiDocument.Name));
        DocumentPage.Map(root);
        root.MapOpenApi();
        MapMetrics(root, endpoints.ServiceProvider.GetRequiredService<HitaServerOptions>());
        return root;
    }

    private static ForwardedHeadersOptions Forwarding(HitaServerOptions options)
    {
        // The host's name comes as the browser sent it, or the check of it could be told another.
        var forwarding = new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.XForwardedProto };
        forwarding.KnownProxies.Clear();
        forwarding.KnownIPNetworks.Clear();
        foreach (var proxy in options.TrustedProxies)
            forwarding.KnownIPNetworks.Add(proxy);
        return forwarding;
    }

    // The exporter is a piece of middleware, which filters do not reach.
    private static void MapMetrics(IEndpointRouteBuilder root, HitaServerOptions options)
    {
        var exporter = root.CreateApplicationBuilder();
        exporter.Use(async (http, next) =>
        {
            if (ApiFilter.KeyFault(http, options) is { } fault)
                await ApiErrors.WriteAsync(http, fault).ConfigureAwait(false);
            else
                await next(http).ConfigureAwait(false);
        });
        exporter.UseOpenTelemetryPrometheusScrapingEndpoint(static _ => true);
        root.Map("/metrics", exporter.Build()).ExcludeFromDescription();
    }
}
