using Hita.Cli;
using Hita.Cli.Hosting;
using Hita.Cli.Output;

namespace Hita.Tests.Cli;

/// <summary>Runs command lines inside the test process, as if the streams were redirected.</summary>
internal static class CommandLine
{
    public static (int Code, string Output, string Error) Run(params string[] args) => Run(CancellationToken.None, args);

    public static (int Code, string Output, string Error) Run(CancellationToken cancellation, params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var terminal = Redirected(output, error);
        var code = CommandLineApp.Run(args, terminal, cancellation);
        return (code, output.ToString(), error.ToString());
    }

    /// <summary>All commands, or one of them, without running any.</summary>
    public static System.CommandLine.Command Root(string? only = null) =>
        CommandLineApp.CreateRoot(new CommandHost(Redirected(TextWriter.Null, TextWriter.Null), CancellationToken.None), only);

    public static Terminal Redirected(TextWriter output, TextWriter error, TimeProvider? clock = null) =>
        new(output, error, console: null, errorIsTerminal: false, clock ?? TimeProvider.System);

    /// <summary>A command and all below it.</summary>
    public static IEnumerable<System.CommandLine.Command> All(System.CommandLine.Command command) =>
        command.Subcommands.SelectMany(All).Prepend(command);
}
