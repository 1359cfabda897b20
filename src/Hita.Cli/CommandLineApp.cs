using System.CommandLine;
using System.CommandLine.Help;
using Hita.Checkpoints;
using Hita.Cli.Commands.Codes;
using Hita.Cli.Commands.Data;
using Hita.Cli.Commands.Edit;
using Hita.Cli.Commands.Evaluate;
using Hita.Cli.Commands.Generate;
using Hita.Cli.Commands.Machine;
using Hita.Cli.Commands.Models;
using Hita.Cli.Commands.Serve;
using Hita.Cli.Commands.Train;
using Hita.Cli.Hosting;
using Hita.Cli.Output;
using Hita.Hub;

namespace Hita.Cli;

/// <summary>The program without the process around it: commands, parsing, running, errors.</summary>
internal static class CommandLineApp
{
    // Making a command compiles its code and loads what it refers to, so that a line that names one makes no other.
    private static readonly (string Name, Func<CommandHost, Command> Create)[] Commands =
    [
        ("generate", GenerateCommand.Create),
        ("replay", ReplayCommand.Create),
        ("reconstruct", ReconstructCommand.Create),
        ("style", StyleCommand.Create),
        ("inpaint", InpaintCommand.Create),
        ("outpaint", OutpaintCommand.Create),
        ("vary", VaryCommand.Create),
        ("edit-class", EditClassCommand.Create),
        ("morph", MorphCommand.Create),
        ("explore", ExploreCommand.Create),
        ("encode", EncodeCommand.Create),
        ("decode", DecodeCommand.Create),
        ("serve", ServeCommand.Create),
        ("evaluate", EvaluateCommand.Create),
        ("probe", ProbeCommand.Create),
        ("compare", CompareCommand.Create),
        ("data", DataCommand.Create),
        ("train", TrainCommand.Create),
        ("tokenize", TokenizeCommand.Create),
        ("import", ImportCommand.Create),
        ("pull", PullCommand.Create),
        ("push", PushCommand.Create),
        ("inspect", InspectCommand.Create),
        ("classes", ListClassesCommand.Create),
        ("init", InitCommand.Create),
        ("verify", VerifyCommand.Create),
        ("bench", BenchCommand.Create),
        ("precision", PrecisionCommand.Create),
        ("presets", PresetsCommand.Create),
        ("doctor", DoctorCommand.Create),
    ];

    /// <summary>Runs a command line.</summary>
    /// <param name="args">The arguments after the program's name.</param>
    /// <param name="terminal">Where it prints.</param>
    /// <param name="cancellation">Asks the command to stop.</param>
    /// <returns>The exit code.</returns>
    public static int Run(IReadOnlyList<string> args, Terminal terminal, CancellationToken cancellation) =>
        ErrorBoundary.Run(terminal, () =>
        {
            ModelSchemes.Register(HubReference.Scheme, PullCommand.Locator(terminal, cancellation));
            var host = new CommandHost(terminal, cancellation);
            host.Parse = line => CreateRoot(host, Only(line)).Parse([.. line], ParserSettings());
            var parsed = host.Parse(args);
            if (parsed.Errors.Count > 0 && parsed.Action is not { ClearsParseErrors: true })
            {
                terminal.Error.WriteLine($"hita: {UsageErrors.Describe(parsed)}");
                return ExitCodes.Usage;
            }
            return parsed.Invoke(new InvocationConfiguration
            {
                Output = terminal.Raw,
                Error = terminal.Error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
            });
        }, cancellation);

    /// <summary>The commands and options.</summary>
    /// <param name="host">What commands get from the program.</param>
    /// <param name="only">The one command that is made; null for all.</param>
    public static Command CreateRoot(CommandHost host, string? only = null)
    {
        var root = new HitaCommand(
            "hita",
            "Hita for .NET: turns images into holistic and patch codes and back, and generates images of classes.",
            "hita generate -m models/hita --class \"giant panda\" -o out",
            "hita reconstruct photo.jpg -m models/hita -o out",
            "hita doctor");
        foreach (var (name, create) in Commands)
        {
            if (only is null || only == name)
                root.Subcommands.Add(create(host));
        }
        host.Globals.AddTo(root);
        root.Options.Add(new HelpOption("--help", "-h", "-?")
        {
            Description = "Show help for a command.",
            Recursive = true,
            Action = new HelpWithExamples(),
        });
        root.Options.Add(new VersionOption("--version") { Description = "Show the version.", Action = new VersionAction(host.Terminal) });
        root.SetAction(parsed => new HelpWithExamples().Invoke(parsed));
        NumberOptions.ReadStrictly(root);
        return root;
    }

    /// <summary>The command that a line begins with, beside which no other is needed; null where all may be.</summary>
    /// <param name="args">The line.</param>
    internal static string? Only(IReadOnlyList<string> args) => args switch
    {
        // Needs none of them.
        ["--version"] => "",
        [var first, ..] => Array.Find(Commands, c => c.Name == first).Name,
        _ => null,
    };

    // File names that begin with @ are files, not lists of arguments.
    private static ParserConfiguration ParserSettings() => new() { ResponseFileTokenReplacer = null };
}
