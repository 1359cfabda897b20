using System.CommandLine;
using Hita.Distributed.Launching;

namespace Hita.Cli.Options;

/// <summary><c>--shard</c>: the part of a command's work that this process does.</summary>
internal sealed class ShardOption : Option<string?>
{
    /// <param name="what">What is shared out, and what becomes of it.</param>
    public ShardOption(string what)
        : base("--shard")
    {
        Description = $"Do the part i of n, from 0: {what} Ranks that a launcher started each do their own.";
        HelpName = "i/n";
    }

    /// <summary>The part.</summary>
    public Shard Read(ParseResult parsed) => Shard.Choose(parsed.GetValue(this));
}
