using System.Net;
using System.Net.Sockets;
using Hita.Runtime;
using Hita.Server.Jobs;
using Hita.Server.Settings;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Resources;

namespace Hita.Server;

/// <summary>How a server's log is written, on the error stream.</summary>
public enum LogFormat
{
    /// <summary>A line for people.</summary>
    Text,

    /// <summary>A JSON object a line, for programs.</summary>
    Json,
}

/// <summary>What a server serves besides the API, as the studio's pages.</summary>
/// <param name="AddTo">Adds its services.</param>
/// <param name="MapOn">Adds its middleware and routes, after routing has begun.</param>
public sealed record ServerExtension(Action<IServiceCollection> AddTo, Action<WebApplication> MapOn);

/// <summary>The server as a program of its own, as <c>hita serve</c> runs it.</summary>
public static class ServeProgram
{
    private static readonly string[] LoopbackNames = ["localhost", "127.0.0.1", "[::1]"];

    /// <inheritdoc cref="RunAsync(ListeningUrls, HitaServerOptions, LogFormat, Action{IReadOnlyList{string}}, Action, ServerExtension?, CancellationToken)"/>
    public static Task RunAsync(
        ListeningUrls urls, HitaServerOptions options, LogFormat format, Action<IReadOnlyList<string>> listening, Action ready, CancellationToken cancellation) =>
        RunAsync(urls, options, format, listening, ready, extension: null, cancellation);

    /// <summary>Runs a server until it is told to stop.</summary>
    /// <param name="urls">Where it listens.</param>
    /// <param name="options">What it offers.</param>
    /// <param name="format">How its log is written.</param>
    /// <param name="listening">Told the addresses once they are listened on.</param>
    /// <param name="ready">Called once all models are loaded and warm.</param>
    /// <param name="extension">What it serves besides the API; null for nothing.</param>
    /// <param name="cancellation">Stops it: it takes no more, and finishes what runs in the time for stopping.</param>
    /// <exception cref="HitaException">It would be open to others without a key, an address is in use, or a model cannot be loaded.</exception>
    public static async Task RunAsync(
        ListeningUrls urls, HitaServerOptions options, LogFormat format, Action<IReadOnlyList<string>> listening, Action ready,
        ServerExtension? extension, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(urls);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(listening);
        ArgumentNullException.ThrowIfNull(ready);
        OpenSslLibrary.Require("A server and its pages");
        CheckOpenness(urls, options);
        options.TrustedProxies.Add(IPNetwork.Parse("127.0.0.0/8"));
        options.TrustedProxies.Add(IPNetwork.Parse("::1/128"));
        var app = Build(urls, options, format, extension);
        await using (app.ConfigureAwait(false))
        {
            try
            {
                await app.StartAsync(cancellation).ConfigureAwait(false);
            }
            catch (Exception e) when (e is IOException or SocketException)
            {
                throw new HitaException($"The server cannot listen on {string.Join(", ", urls.All)}: {SystemMessage.Of(e)}.", e);
            }
            listening([.. app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses ?? []]);
            var catalog = app.Services.GetRequiredService<ModelCatalog>();
            _ = catalog.Ready.ContinueWith(_ => ready(), cancellation, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
            await app.WaitForShutdownAsync(cancellation).ConfigureAwait(false);
            if (catalog.Ready.IsFaulted)
                await catalog.Ready.ConfigureAwait(false);
        }
    }

    // Where others can reach it, whoever finds it could use it.
    private static void CheckOpenness(ListeningUrls urls, HitaServerOptions options)
    {
        if (!urls.IsLoopback && !options.Keys.AreRequired)
        {
            throw new HitaException(
                $"{string.Join(", ", urls.All)} can be reached from other machines, and no API key is asked for: name a file of keys with --api-key-file, or listen on 127.0.0.1.");
        }
        // Named hosts come besides loopback's own names, wherever it listens.
        if (urls.IsLoopback || options.AllowedHosts.Count > 0)
        {
            foreach (var name in LoopbackNames.Except(options.AllowedHosts, StringComparer.OrdinalIgnoreCase).ToList())
                options.AllowedHosts.Add(name);
        }
    }

    private static WebApplication Build(ListeningUrls urls, HitaServerOptions options, LogFormat format, ServerExtension? extension)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "hita" });
        builder.WebHost.UseKestrelCore().UseUrls([.. urls.All]);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = options.MaxBodyBytes;
            kestrel.Limits.MaxConcurrentConnections = 4096;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(15);
        });
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.StoppingTime + TimeSpan.FromSeconds(5));
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton<IHostLifetime, CallersLifetime>();
        AddLog(builder.Logging, format);
        builder.Services.AddHita(options);
        builder.Services.AddOpenTelemetry().ConfigureResource(static resource => resource.AddService("hita"))
            .WithMetrics(static metrics => metrics.AddMeter("Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime"));
        extension?.AddTo(builder.Services);
        var app = builder.Build();
        app.UseHita();
        app.UseRouting();
        extension?.MapOn(app);
        app.MapHita();
        return app;
    }

    // Whoever runs the server says when it stops. The framework's own lifetime would take the signals, the second one too.
    private sealed class CallersLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private static void AddLog(ILoggingBuilder logging, LogFormat format)
    {
        // The framework's own lines quote addresses that clients make up.
        logging.SetMinimumLevel(LogLevel.Information).AddFilter("Microsoft", LogLevel.Warning).AddFilter("System", LogLevel.Warning)
            // It would repeat, with a stack trace, what the caller says in a sentence.
            .AddFilter("Microsoft.Extensions.Hosting", LogLevel.None);
        if (format == LogFormat.Json)
            logging.AddJsonConsole(static json => json.UseUtcTimestamp = true);
        else
            logging.AddSimpleConsole(static text => (text.SingleLine, text.TimestampFormat, text.UseUtcTimestamp) = (true, "HH:mm:ss ", true));
        logging.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(static console => console.LogToStandardErrorThreshold = LogLevel.Trace);
    }
}
