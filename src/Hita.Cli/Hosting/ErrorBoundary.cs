using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Hita.Cli.Output;
using Hita.Runtime;

namespace Hita.Cli.Hosting;

/// <summary>Turns whatever a command throws into one sentence on the error stream and an exit code.</summary>
internal static partial class ErrorBoundary
{
    /// <summary>Set to 1, it prints the whole exception behind the sentence.</summary>
    public const string DebugVariable = "HITA_DEBUG";

    public static int Run(Terminal terminal, Func<int> command, CancellationToken cancellation)
    {
        try
        {
            return command();
        }
        catch (Exception thrown)
        {
            var cause = Unwrap(thrown);
            var (sentence, code) = Explain(cause, cancellation);
            terminal.Error.WriteLine($"hita: {sentence}");
            if (Environment.GetEnvironmentVariable(DebugVariable) == "1")
                terminal.Error.Write(thrown + Environment.NewLine);
            return code;
        }
    }

    private static (string Sentence, int Code) Explain(Exception cause, CancellationToken cancellation) => cause switch
    {
        OperationCanceledException when cancellation.IsCancellationRequested => ("cancelled.", ExitCodes.Cancelled),
        HitaException => (OneLine(cause.Message), ExitCodes.Failure),
        IOException when DiskFault.IsFull(cause) => (DiskFull(cause.Message), ExitCodes.Failure),
        IOException or UnauthorizedAccessException => (OneLine(cause.Message), ExitCodes.Failure),
        OutOfMemoryException or InsufficientMemoryException => (NoMemory, ExitCodes.Failure),
        ExternalException when cause.Message.Contains("allocate memory", StringComparison.OrdinalIgnoreCase) ||
            cause.Message.Contains("out of memory", StringComparison.OrdinalIgnoreCase) => (NoMemory, ExitCodes.Failure),
        _ => (Unexpected(cause), ExitCodes.Failure),
    };

    private const string NoMemory =
        "There is not enough memory for this: use fewer or smaller images at a time, a smaller preset, or a machine with more.";

    private static string Unexpected(Exception cause) =>
        $"An unexpected error occurred ({cause.GetType().Name}: {OneLine(cause.Message).TrimEnd('.')}); please report it together " +
        $"with what {DebugVariable}=1 adds to this message.";

    // Type initializers, reflection and tasks wrap what was thrown; the sentence is inside.
    private static Exception Unwrap(Exception e)
    {
        while (e is TypeInitializationException or TargetInvocationException or AggregateException && e.InnerException is { } inner)
            e = inner;
        return e is not HitaException && e.InnerException is HitaException hidden ? hidden : e;
    }

    private static string DiskFull(string message) => PathPattern().Match(message) is { Success: true } path && !path.Groups[1].Value.EndsWith(".tmp", StringComparison.Ordinal)
        ? $"The disk is full: {path.Groups[1].Value} could not be written; free some space or choose another folder."
        : "The disk is full; free some space or choose another folder.";

    private static string OneLine(string message)
    {
        var line = message.ReplaceLineEndings(" ").Trim();
        return line.Length == 0 || line[^1] is '.' or '?' or '!' ? line : line + ".";
    }

    [GeneratedRegex("'([^']+)'")]
    private static partial Regex PathPattern();
}
