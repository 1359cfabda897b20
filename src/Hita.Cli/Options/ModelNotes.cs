using System.CommandLine;
using Hita.Cli.Hosting;
using Hita.Models;

namespace Hita.Cli.Options;

/// <summary>What a user should know of the model a command works with, in one line beside its output.</summary>
internal static class ModelNotes
{
    /// <summary>Tells of models that cannot do well with the user's own images.</summary>
    /// <param name="host">Where to write.</param>
    /// <param name="parsed">The command line.</param>
    /// <param name="model">The option that names the model.</param>
    public static void Tell(CommandHost host, ParseResult parsed, Option<string> model)
    {
        var name = parsed.GetValue(model)!;
        if (NamedModel.IsPreset(name))
            host.Terminal.Error.WriteLine($"hita: '{name}' is an architecture without training; its codes and images mean nothing.");
        else if (parsed.GetResult(model) is not { Implicit: false })
            host.Terminal.Error.WriteLine("hita: without -m this is the small bundled model, which has only ever seen rendered scenes and reconstructs other images only roughly.");
    }
}
