using System.CommandLine;
using Hita.Cli.Output;

namespace Hita.Cli.Hosting;

/// <summary>What commands get from the program: where to print, when to stop, and the options that all of them share.</summary>
internal sealed class CommandHost(Terminal terminal, CancellationToken cancellation)
{
    public Terminal Terminal { get; private set; } = terminal;

    public CancellationToken Cancellation { get; } = cancellation;

    public GlobalOptions Globals { get; } = new();

    /// <summary>Parses another line than the program's own, which may name another command.</summary>
    public Func<IReadOnlyList<string>, ParseResult> Parse { get; set; } = static _ => throw new InvalidOperationException("Nothing parses lines here.");

    /// <summary>Whether a command shall put together what was measured in parts, and measure nothing.</summary>
    public bool IsMerging { get; set; }

    /// <summary>Prints nothing from now on: this is a rank among several, of which the first one speaks. Faults are told all the same.</summary>
    public void Hush() => Terminal = new Terminal(TextWriter.Null, TextWriter.Null, console: null, errorIsTerminal: false, Terminal.Clock);

    /// <summary>A <c>--json</c> option for a command that can print its result for programs.</summary>
    public static Option<bool> JsonOption() => new("--json") { Description = "Print JSON for programs instead of text." };
}
