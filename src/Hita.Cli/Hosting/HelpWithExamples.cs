using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Hita.Cli.Output;
using Hita.Runtime.Diagnostics;

namespace Hita.Cli.Hosting;

/// <summary>The usual help, followed by the command's examples.</summary>
internal sealed class HelpWithExamples : SynchronousCommandLineAction
{
    private readonly HelpAction _usual = new();

    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        ArgumentNullException.ThrowIfNull(parseResult);
        _usual.Invoke(parseResult);
        if (parseResult.CommandResult.Command is HitaCommand { Examples: { Count: > 0 } examples })
        {
            var output = parseResult.InvocationConfiguration.Output;
            output.WriteLine("Examples:");
            foreach (var example in examples)
                output.WriteLine($"  {example}");
            output.WriteLine();
        }
        return ExitCodes.Success;
    }
}

/// <summary>Prints the program's version.</summary>
internal sealed class VersionAction(Terminal terminal) : SynchronousCommandLineAction
{
    public override int Invoke(ParseResult parseResult)
    {
        terminal.Out.WriteLine($"hita {SystemReporter.LibraryVersion()}");
        return ExitCodes.Success;
    }
}
