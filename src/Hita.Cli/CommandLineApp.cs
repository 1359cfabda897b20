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
    /// <summary>Runs a command line.</summary>
    /// <param name="args">The arguments after the program's name.</param>
    /// <param name="terminal">Where it prints.</param>
    /// <param name="cancellation">Asks the command to stop.</param>
    /// <returns>The exit code.</returns>
    public static int Run(IReadOnlyList<string> args, Terminal terminal, CancellationToken cancellation) =>
        ErrorBoundary.Run(terminal, () =>
        {
            ModelSchemes.Register(HubReference.Scheme, PullCommand.Locator(terminal, cancellation));
            var root = CreateRoot(new CommandHost(terminal, cancellation));
            var parsed = root.Parse([.. args], ParserSettings());
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

    /// <summary>All commands and options.</summary>
    public static Command CreateRoot(CommandHost host)
    {
        var root = new HitaCommand(
            "hita",
            "Hita for .NET: turns images into holistic and patch codes and back, and generates images of classes.",
            "hita generate -m models/hita --class \"giant panda\" -o out",
            "hita reconstruct photo.jpg -m models/hita -o out",
            "hita doctor")
        {
            GenerateCommand.Create(host),
            ReplayCommand.Create(host),
            ReconstructCommand.Create(host),
            StyleCommand.Create(host),
            InpaintCommand.Create(host),
            OutpaintCommand.Create(host),
            VaryCommand.Create(host),
            EditClassCommand.Create(host),
            MorphCommand.Create(host),
            ExploreCommand.Create(host),
            EncodeCommand.Create(host),
            DecodeCommand.Create(host),
            ServeCommand.Create(host),
            EvaluateCommand.Create(host),
            ProbeCommand.Create(host),
            CompareCommand.Create(host),
            DataCommand.Create(host),
            TrainCommand.Create(host),
            TokenizeCommand.Create(host),
            ImportCommand.Create(host),
            PullCommand.Create(host),
            PushCommand.Create(host),
            InspectCommand.Create(host),
            ListClassesCommand.Create(host),
            InitCommand.Create(host),
            VerifyCommand.Create(host),
            BenchCommand.Create(host),
            PrecisionCommand.Create(host),
            PresetsCommand.Create(host),
            DoctorCommand.Create(host),
        };
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

    // File names that begin with @ are files, not lists of arguments.
    private static ParserConfiguration ParserSettings() => new() { ResponseFileTokenReplacer = null };
}
