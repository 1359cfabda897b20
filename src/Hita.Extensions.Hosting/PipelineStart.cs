using Microsoft.Extensions.Hosting;

namespace Hita.Extensions.Hosting;

/// <summary>Begins loading with the program, and finishes what runs when it stops.</summary>
internal sealed class PipelineStart(PipelineHost shared) : IHostedService
{
    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _ = shared.Host;
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (shared.Loaded is not { } host)
            return;
        try
        {
            await host.DrainAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The time for stopping is over; disposing cancels what is left.
        }
    }
}
