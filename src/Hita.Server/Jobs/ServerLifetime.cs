using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Hita.Server.Jobs;

/// <summary>Loads the models when the program starts, and lets jobs finish when it stops.</summary>
/// <param name="catalog">The models.</param>
/// <param name="runner">The jobs.</param>
/// <param name="application">The program around.</param>
/// <param name="log">Told of what goes wrong.</param>
internal sealed partial class ServerLifetime(
    ModelCatalog catalog, JobRunner runner, IHostApplicationLifetime application, ILogger<ServerLifetime> log) : BackgroundService
{
    private Task? _stopped;

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        // At once, not in turn after the web server, which waits for the requests that wait for the jobs.
        application.ApplicationStopping.Register(() => _stopped = runner.StopAsync());
        return base.StartAsync(cancellationToken);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken).ConfigureAwait(false);
        await (_stopped ?? runner.StopAsync()).WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await catalog.LoadAsync(stoppingToken).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // The program stops; whoever started it reads the fault from the catalog.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogCannotLoad(e.Message);
            application.StopApplication();
        }
    }

    [LoggerMessage(1, LogLevel.Critical, "A model cannot be loaded: {Reason}")]
    private partial void LogCannotLoad(string reason);
}
