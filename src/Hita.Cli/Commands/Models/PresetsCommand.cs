using System.CommandLine;
using System.Globalization;
using Hita.Cli.Hosting;
using Hita.Cli.Output;
using Hita.Generation.Model;
using Hita.Runtime;
using Hita.Tokenization.Model;
using Hita.Training.Ranks;

namespace Hita.Cli.Commands.Models;

/// <summary><c>hita presets</c>: the architectures that have names.</summary>
internal static class PresetsCommand
{
    public static Command Create(CommandHost host)
    {
        var json = CommandHost.JsonOption();
        var ranks = new Option<int?>("--ranks") { Description = "Show what training each of them on N ranks takes: memory of a rank besides activations, and what it sends a step.", HelpName = "N" };
        NumberOptions.Between(ranks, 1, 1 << 20);
        var bandwidth = new Option<double>("--bandwidth") { Description = "With --ranks: gigabytes a second that a rank sends.", HelpName = "GB/S", DefaultValueFactory = static _ => 12.5 };
        var command = new HitaCommand(
            "presets",
            "List the named architectures of tokenizers and generators with their dimensions.",
            "hita presets",
            "hita presets --json",
            "hita presets --ranks 64 --bandwidth 12.5")
        {
            ranks, bandwidth, json,
        };
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(ranks) is { } count)
            {
                host.Globals.Prepare(parsed);
                var speed = parsed.GetValue(bandwidth);
                if (speed <= 0)
                    throw new HitaException($"--bandwidth is {speed.ToString(CultureInfo.InvariantCulture)}; it must be above 0.");
                PrintCosts(host.Terminal, count, speed * 1e9, parsed.GetValue(json));
            }
            else if (parsed.GetValue(json))
                JsonOutput.Write(host.Terminal, new Listing([.. Tokenizers()], [.. Generators()]));
            else
                Print(host.Terminal);
            return ExitCodes.Success;
        });
        return command;
    }

    private static IEnumerable<TokenizerConfig> Tokenizers()
    {
        foreach (var name in TokenizerPresets.Names)
        {
            if (TokenizerPresets.TryGet(name, out var config))
                yield return config;
        }
    }

    private static IEnumerable<GeneratorConfig> Generators()
    {
        foreach (var name in GeneratorPresets.Names)
        {
            if (GeneratorPresets.TryGet(name, out var config))
                yield return config;
        }
    }

    private static void Print(Terminal terminal)
    {
        terminal.Heading("Tokenizers");
        terminal.Table(
            ["name", "pixels", "patch", "holistic codes", "patch codes", "codebook", "latent channels", "k", "semantic encoder"],
            [.. Tokenizers().Select(TokenizerRow)]);
        terminal.Line();
        terminal.Heading("Generators");
        terminal.Table(
            ["name", "width", "layers", "heads", "holistic tokens", "patch tokens", "codebook", "classes"],
            [.. Generators().Select(GeneratorRow)]);
    }

    private static void PrintCosts(Terminal terminal, int ranks, double bandwidth, bool json)
    {
        RankCost[] costs = [.. Tokenizers().Select(c => RankCost.Of(c, ranks)), .. Generators().Select(c => RankCost.Of(c, ranks))];
        if (json)
        {
            JsonOutput.Write(terminal, costs);
            return;
        }
        terminal.Table(
            ["stage", "name", "trained", "weights", "gradients", "exchange", "optimizer", "average", "memory", "sharded memory", "sent a step", "seconds a step"],
            [.. costs.Select(c => (IReadOnlyList<string>)
            [
                c.Stage, c.Name, string.Create(CultureInfo.InvariantCulture, $"{c.Parameters / 1e6:0.0} M"), Gibibytes(c.WeightBytes), Gibibytes(c.GradientBytes), Gibibytes(c.ExchangeBytes),
                Gibibytes(c.OptimizerBytes), Gibibytes(c.AverageBytes), Gibibytes(c.MemoryBytes), Gibibytes(c.ShardedMemoryBytes), string.Create(CultureInfo.InvariantCulture, $"{c.SentBytes / 1e9:0.00} GB"),
                c.Seconds(bandwidth).ToString("0.000", CultureInfo.InvariantCulture),
            ])]);
        terminal.Line($"{ranks} {(ranks == 1 ? "rank" : "ranks")}; GiB of each rank, activations, discriminators and networks of losses not counted. Sharded: with distributed.shard_optimizer.");
    }

    private static string Gibibytes(long bytes) => (bytes / (double)(1 << 30)).ToString("0.00", CultureInfo.InvariantCulture);

    private static IReadOnlyList<string> TokenizerRow(TokenizerConfig config) =>
    [
        config.Preset!,
        Number(config.ImageSize),
        Number(config.PatchSize),
        Number(config.HolisticTokenCount),
        Number(config.GridSide * config.GridSide),
        Number(config.CodebookSize),
        Number(config.LatentChannels),
        config.Holistic is { } holistic ? Number(holistic.Shift) : "-",
        config.Holistic?.SemanticEncoder?.Description ?? "none",
    ];

    private static IReadOnlyList<string> GeneratorRow(GeneratorConfig config) =>
    [
        config.Preset!,
        Number(config.Width),
        Number(config.Layers),
        Number(config.Heads),
        Number(config.HolisticTokenCount),
        Number(config.PatchTokenCount),
        Number(config.CodebookSize),
        Number(config.ClassCount),
    ];

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    private sealed record Listing(IReadOnlyList<TokenizerConfig> Tokenizers, IReadOnlyList<GeneratorConfig> Generators);
}
