using System.CommandLine;
using System.Net;
using System.Net.Sockets;
using Hita.Cli.Hosting;
using Hita.Cli.Options;
using Hita.Cli.Output;
using Hita.Runtime;
using Hita.Server;
using Hita.Server.Settings;
using Hita.Studio;
using Hita.Studio.Settings;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Hita.Cli.Commands.Serve;

/// <summary><c>hita serve</c>: an image server.</summary>
internal static class ServeCommand
{
    public static Command Create(CommandHost host)
    {
        var models = new ServedModels();
        var limits = new ServerLimits();
        var urls = new Option<string>("--urls") { Description = "The addresses to listen on, separated by semicolons. Other than loopback ones need --api-key-file.", HelpName = "URL[;URL…]", DefaultValueFactory = static _ => ListeningUrls.Default };
        var keys = new Option<string?>("--api-key-file") { Description = "A file of API keys, one a line; requests must bring one of them.", HelpName = "FILE" };
        var origins = new Option<string[]>("--cors-origin") { Description = "An origin whose pages may call the server from a browser; none if left out. May be given several times.", HelpName = "ORIGIN" };
        var hosts = new Option<string[]>("--allowed-host") { Description = "A host name that the server answers under, besides loopback's own. May be given several times.", HelpName = "NAME" };
        var proxies = new Option<string[]>("--trusted-proxy") { Description = "The address or network of a reverse proxy on another machine, whose X-Forwarded-Proto is believed; one on this machine always is. May be given several times.", HelpName = "ADDRESS[/BITS]" };
        var log = new Option<string>("--log") { Description = "How the log on the error stream is written: lines for people, or JSON for programs.", HelpName = "text|json", DefaultValueFactory = static _ => "text" };
        CommonOptions.OneOf(log, "text", "json");
        var runs = new Option<string?>("--runs") { Description = "A folder of training runs, whose curves and samples the studio shows while they grow.", HelpName = "DIR" };
        var noStudio = new Option<bool>("--no-studio") { Description = "Serve the API alone, without the studio's pages." };
        var command = new HitaCommand(
            "serve",
            "Serve images over HTTP: a studio for the browser at /, OpenAI's images API under /v1, this program's own under /api/v1, its description under /docs. Ctrl-C finishes what runs and ends.",
            "hita serve",
            "hita serve -m models/hita --precision int8",
            "hita serve -m models/hita -m runs/generator --urls http://127.0.0.1:8080",
            "hita serve --urls http://0.0.0.0:7336 --api-key-file keys.txt --max-queue 64")
        {
            urls, keys, origins, hosts, proxies, log, runs, noStudio,
        };
        models.AddTo(command);
        limits.AddTo(command);
        command.SetAction(parsed =>
        {
            // The tensor library itself is loaded with the models, while the server listens already.
            host.Globals.ChooseLibrary(parsed);
            var options = new HitaServerOptions
            {
                Device = parsed.GetValue(host.Globals.Device)!,
                Threads = parsed.GetValue(host.Globals.Threads) ?? 0,
                Keys = parsed.GetValue(keys) is { } file ? ApiKeys.Read(file) : ApiKeys.None,
            };
            models.Apply(parsed, options);
            limits.Apply(parsed, options);
            foreach (var origin in parsed.GetValue(origins) ?? [])
                options.AllowedOrigins.Add(Origin(origin));
            foreach (var name in parsed.GetValue(hosts) ?? [])
                options.AllowedHosts.Add(name);
            foreach (var proxy in parsed.GetValue(proxies) ?? [])
                options.TrustedProxies.Add(Network(proxy));
            var format = parsed.GetValue(log) == "json" ? LogFormat.Json : LogFormat.Text;
            return Run(host, ListeningUrls.Parse(parsed.GetValue(urls)!), options, format, parsed.GetValue(noStudio) ? null : Studio(parsed.GetValue(runs)));
        });
        return command;
    }

    private static int Run(CommandHost host, ListeningUrls urls, HitaServerOptions options, LogFormat format, ServerExtension? studio)
    {
        var started = host.Terminal.Clock.GetTimestamp();
        ServeProgram.RunAsync(
            urls,
            options,
            format,
            addresses => host.Terminal.Line($"Listening on {string.Join(", ", addresses)}"),
            () => host.Terminal.Line($"Ready after {Duration.Text(host.Terminal.Clock.GetElapsedTime(started))}: {string.Join(", ", options.Pipelines.Select(static p => p.Id))}"),
            studio,
            host.Cancellation).GetAwaiter().GetResult();
        return ExitCodes.Success;
    }

    private static ServerExtension Studio(string? runs)
    {
        if (runs is not null && !Directory.Exists(runs))
            throw new HitaException($"--runs is '{runs}', and there is no such folder; name one whose sub-folders are training runs.");
        return new ServerExtension(
            services =>
            {
                // Nothing that it protects outlives the program, so that no key need be written to a disk.
                services.AddDataProtection().UseEphemeralDataProtectionProvider();
                services.AddLogging(static logging => logging.AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error));
                services.AddHitaStudio(new StudioOptions { RunsFolder = runs });
            },
            static app => app.MapHitaStudio());
    }

    private static IPNetwork Network(string text)
    {
        if (IPNetwork.TryParse(text, out var network))
            return network;
        return IPAddress.TryParse(text, out var address)
            ? new IPNetwork(address, address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128)
            : throw new HitaException($"--trusted-proxy is '{text}'; an address or a network is needed, as in 10.0.0.2 or 10.0.0.0/8.");
    }

    private static string Origin(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.GetLeftPart(UriPartial.Authority) == text
            ? text
            : throw new HitaException($"--cors-origin is '{text}'; an origin is a scheme and a host without a path, as in https://example.org.");
}
