using System.CommandLine;

namespace Hita.Cli.Hosting;

/// <summary>A command together with the examples that its help shows.</summary>
internal sealed class HitaCommand : Command
{
    /// <param name="name">The word on the command line.</param>
    /// <param name="description">One or two sentences for the help.</param>
    /// <param name="examples">Complete lines, each beginning with <c>hita</c>.</param>
    public HitaCommand(string name, string description, params string[] examples)
        : base(name, description) => Examples = examples;

    public IReadOnlyList<string> Examples { get; }
}
