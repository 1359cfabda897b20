using System.CommandLine;
using Hita.Cli.Hosting;
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

    /// <summary>The part; says so where it is a rank's, which nobody named.</summary>
    public Shard Read(ParseResult parsed, CommandHost host)
    {
        var named = parsed.GetValue(this);
        var part = Shard.Choose(named);
        if (named is null && !part.IsWhole)
            host.Terminal.Error.WriteLine($"hita: this process is rank {part.Index} of {part.Count} and does its part; --shard 0/1 does all.");
        return part;
    }
}
