using System.CommandLine;
using System.CommandLine.Parsing;
using Hita.Runtime;

namespace Hita.Cli.Hosting;

/// <summary>Says in one sentence what is wrong with a command line.</summary>
internal static class UsageErrors
{
    public static string Describe(ParseResult parsed)
    {
        var help = $"'{Path(parsed.CommandResult)} --help' shows what there is.";
        if (parsed.UnmatchedTokens.Count == 0 && Missing(parsed) is { } missing)
            return $"{missing} is missing; {help}";
        if (parsed.UnmatchedTokens is not [var unknown, ..])
            return $"{parsed.Errors[0].Message.ReplaceLineEndings(" ").Trim().TrimEnd('.')}; {help}";
        var (fault, near) = Unknown(parsed, unknown);
        return near is null ? $"{fault}; {help}" : $"{fault}; did you mean '{near}'?";
    }

    // The first argument that is needed and not there.
    private static string? Missing(ParseResult parsed) => parsed.CommandResult.Command.Arguments
        .FirstOrDefault(a => a.Arity.MinimumNumberOfValues > (parsed.GetResult(a)?.Tokens.Count ?? 0))?.Name;

    private static (string Fault, string? Near) Unknown(ParseResult parsed, string token)
    {
        if (token.StartsWith('-') && token.Length > 1)
        {
            var name = token.Split('=', ':')[0];
            return ($"there is no option '{name}'", NearestName.Find(name, Options(parsed)));
        }
        var commands = parsed.CommandResult.Command.Subcommands.Where(c => !c.Hidden).Select(c => c.Name).ToList();
        return commands.Count > 0
            ? ($"there is no command '{token}'", NearestName.Find(token, commands))
            : ($"'{token}' is one argument too many", null);
    }

    private static IEnumerable<string> Options(ParseResult parsed)
    {
        SymbolResult? result = parsed.CommandResult;
        for (var own = true; result is CommandResult at; result = at.Parent, own = false)
        {
            foreach (var option in at.Command.Options.Where(o => !o.Hidden && (own || o.Recursive)))
            {
                foreach (var name in option.Aliases.Prepend(option.Name))
                    yield return name;
            }
        }
    }

    private static string Path(CommandResult result) =>
        result.Parent is CommandResult parent ? $"{Path(parent)} {result.Command.Name}" : result.Command.Name;
}
