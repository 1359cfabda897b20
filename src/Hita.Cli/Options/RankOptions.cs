using System.CommandLine;
using Hita.Cli.Hosting;
using Hita.Distributed;

namespace Hita.Cli.Options;

/// <summary>How ranks that work together deal with each other.</summary>
internal sealed class RankOptions
{
    private readonly Option<int> _timeout = new("--rank-timeout")
    {
        Description = "With several ranks: seconds of silence after which a rank counts as lost and all of them stop.",
        HelpName = "SECONDS",
        DefaultValueFactory = static _ => (int)new GroupOptions().Silence.TotalSeconds,
    };

    public RankOptions() => NumberOptions.Between(_timeout, 1, 3600);

    public void AddTo(Command command) => command.Options.Add(_timeout);

    public GroupOptions Read(ParseResult parsed) => new() { Silence = TimeSpan.FromSeconds(parsed.GetValue(_timeout)) };
}
