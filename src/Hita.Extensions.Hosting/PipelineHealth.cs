using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Hita.Extensions.Hosting;

/// <summary>Healthy once the pipeline is loaded, degraded while it loads, unhealthy where it cannot be.</summary>
internal sealed class PipelineHealth(PipelineHost shared) : IHealthCheck
{
    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var loading = shared.Host;
        if (shared.Loaded is { } host)
        {
            var status = host.Status;
            return Task.FromResult(HealthCheckResult.Healthy("The pipeline is loaded.", new Dictionary<string, object>
            {
                ["running"] = status.Running,
                ["waiting"] = status.Waiting,
                ["tokens_per_second"] = status.TokensPerSecond,
            }));
        }
        return Task.FromResult(loading.IsCompleted
            ? HealthCheckResult.Unhealthy(loading.Exception?.InnerException?.Message ?? "The pipeline did not load.")
            : HealthCheckResult.Degraded("The pipeline is being loaded."));
    }
}
