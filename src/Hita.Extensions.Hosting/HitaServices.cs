using Hita.Models;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace Hita.Extensions.Hosting;

/// <summary>Adds image generation to a program's services.</summary>
public static class HitaServices
{
    /// <summary>The health check's name.</summary>
    public const string HealthCheckName = "hita";

    /// <summary>
    /// Adds <see cref="IImageHost"/>, which serves many callers with one pipeline; a health check; and the metrics of the meter
    /// <see cref="HostMetrics.MeterName"/>. The pipeline loads when the program starts, without holding it up; who asks earlier waits.
    /// </summary>
    /// <param name="services">The program's services.</param>
    /// <param name="configure">Names the pipeline; null for what <see cref="HitaPipelineOptions"/> is configured to elsewhere.</param>
    /// <returns>The services themselves.</returns>
    public static IServiceCollection AddHitaPipeline(this IServiceCollection services, Action<HitaPipelineOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        var options = services.AddOptions<HitaPipelineOptions>();
        if (configure is not null)
            options.Configure(configure);
        services.AddMetrics();
        services.AddLogging();
        services.TryAddSingleton<HostMetrics>();
        services.TryAddSingleton<PipelineHost>();
        services.TryAddSingleton<IImageHost>(static provider => new SharedHost(provider.GetRequiredService<PipelineHost>()));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, PipelineStart>());
        // Names of health checks are unique: who calls this twice, for further options, gets one.
        if (services.All(static s => s.ServiceType != typeof(PipelineHealth)))
            services.AddSingleton<PipelineHealth>().AddHealthChecks().AddCheck<PipelineHealth>(HealthCheckName);
        return services;
    }
}
