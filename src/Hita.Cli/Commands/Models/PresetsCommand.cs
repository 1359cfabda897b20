using System.CommandLine;
using System.Globalization;
using Hita.Cli.Hosting;
using Hita.Cli.Output;
using Hita.Generation.Model;
using Hita.Tokenization.Model;

namespace Hita.Cli.Commands.Models;

/// <summary><c>hita presets</c>: the architectures that have names.</summary>
internal static class PresetsCommand
{
    public static Command Create(CommandHost host)
    {
        var json = CommandHost.JsonOption();
        var command = new HitaCommand(
            "presets",
            "List the named architectures of tokenizers and generators with their dimensions.",
            "hita presets",
            "hita presets --json")
        {
            json,
        };
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(json))
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
