using System.CommandLine;
using Hita.Runtime;

namespace Hita.Cli.Options;

/// <summary>
/// <c>--overwrite</c>: the one rule for results that are there already. A command refuses before it starts, unless it is told to
/// replace them; a sheet, which nobody named, gets a number instead.
/// </summary>
internal sealed class OverwriteOption : Option<bool>
{
    public OverwriteOption()
        : base("--overwrite") => Description = "Replace results that exist already; without it the command stops before it starts.";

    /// <summary>Refuses results that are there.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="files">The files that will be written, or folders of models.</param>
    /// <exception cref="HitaException">One is there and may not be replaced.</exception>
    public void Check(ParseResult parsed, params IEnumerable<string> files)
    {
        if (parsed.GetValue(this))
            return;
        var there = files.Where(Path.Exists).Take(2).ToList();
        if (there.Count > 0)
            throw new HitaException($"{there[0]} exists already{(there.Count > 1 ? ", and others too" : "")}; add --overwrite to replace it, or name another place with -o.");
    }

    /// <summary>The name itself where it is free or may be replaced, else one with a number: <c>grid-2.png</c>.</summary>
    public string Free(ParseResult parsed, string file)
    {
        var free = file;
        for (var n = 2; !parsed.GetValue(this) && Path.Exists(free); n++)
            free = EditOutput.Beside(file, FormattableString.Invariant($"{n}"));
        return free;
    }
}
