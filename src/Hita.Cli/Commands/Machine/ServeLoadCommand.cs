using System.CommandLine;
using System.Globalization;
using Hita.Bench;
using Hita.Cli.Hosting;
using Hita.Cli.Output;
using Hita.Runtime;

namespace Hita.Cli.Commands.Machine;

/// <summary><c>hita bench serve-load</c>: many clients at once for a running server, some of them troublesome.</summary>
internal static class ServeLoadCommand
{
    // So many that each comes up several times among a thousand, and is compared.
    private const int Seeds = 3;

    public static Command Create(CommandHost host)
    {
        var url = new Option<string>("--url") { Description = "The server, which must ask for no key.", HelpName = "URL", DefaultValueFactory = static _ => "http://127.0.0.1:7336" };
        var requests = new Option<int>("--requests") { Description = "How many requests to send.", HelpName = "N", DefaultValueFactory = static _ => 1000 };
        var clients = new Option<int>("--clients") { Description = "How many clients send at once.", HelpName = "N", DefaultValueFactory = static _ => 32 };
        var json = CommandHost.JsonOption();
        var command = new HitaCommand(
            "serve-load",
            "Send many requests to a running server: of 20, 4 are cancelled, 1 is garbage and 1 breaks its connection. Fails where one ends otherwise than it deserves, or an image differs from the same one before.",
            "hita bench serve-load",
            "hita bench serve-load --url http://127.0.0.1:8080 --requests 200 --clients 8")
        {
            url, requests, clients, json,
        };
        command.SetAction(parsed =>
        {
            var address = Address(parsed.GetValue(url)!);
            var (count, many) = (parsed.GetValue(requests), parsed.GetValue(clients));
            if (count is < 1 or > 10_000_000 || many is < 1 or > 1024)
                throw new HitaException($"{count} requests of {many} clients are not possible; 1 to 10,000,000 of 1 to 1024 are.");
            var summary = RunAsync(address, count, many, host.Cancellation).GetAwaiter().GetResult();
            if (parsed.GetValue(json))
                JsonOutput.Write(host.Terminal, summary);
            else
                Print(host.Terminal, summary);
            return summary is { Failures: 0, Different: 0 } ? ExitCodes.Success : ExitCodes.Failure;
        });
        return command;
    }

    private static async Task<Summary> RunAsync(Uri address, int requests, int clients, CancellationToken cancellation)
    {
        using var server = new LoadedServer(address);
        var classes = await server.CountClassesAsync(cancellation).ConfigureAwait(false);
        var before = await server.ResidentBytesAsync(cancellation).ConfigureAwait(false);
        var report = await new ServerLoad(address, classes, Seeds).RunAsync(requests, clients, cancellation).ConfigureAwait(false);
        var after = await server.ResidentBytesAsync(cancellation).ConfigureAwait(false);
        return new Summary(
            requests, clients, report.Outcomes, report.Failures, report.Different, report.Seconds, report.ImagesPerMinute, report.Latency(0.5), report.Latency(0.99), before, after);
    }

    private static void Print(Terminal terminal, Summary summary)
    {
        terminal.Table(["outcome", "requests"], [.. summary.Outcomes.Select(static o => (string[])[o.Key, o.Value.ToString(CultureInfo.InvariantCulture)])]);
        terminal.Line();
        terminal.Line(string.Create(
            CultureInfo.InvariantCulture,
            $"{summary.Failures} failed, {summary.Different} different images; {summary.ImagesPerMinute:0} images a minute; half of them within {summary.MedianSeconds:0.00} s, 99 % within {summary.P99Seconds:0.00} s; {summary.Seconds:0} s in all."));
        if (summary is { ResidentBytesBefore: { } before, ResidentBytesAfter: { } after })
            terminal.Line(string.Create(CultureInfo.InvariantCulture, $"The server's memory: {before / 1e6:0.0} MB before, {after / 1e6:0.0} MB after."));
    }

    private static Uri Address(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme == "http" && uri.PathAndQuery == "/"
            ? uri
            : throw new HitaException($"--url is '{text}'; an address like http://127.0.0.1:7336 is needed.");

    private sealed record Summary(
        int Requests, int Clients, IReadOnlyDictionary<string, int> Outcomes, int Failures, int Different, double Seconds, double ImagesPerMinute,
        double MedianSeconds, double P99Seconds, long? ResidentBytesBefore, long? ResidentBytesAfter);
}
