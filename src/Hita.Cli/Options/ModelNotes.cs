using System.CommandLine;
using Hita.Cli.Hosting;
using Hita.Models;
using Hita.Tokenization;

namespace Hita.Cli.Options;

/// <summary>What a user should know of the model a command works with, in one line beside its output.</summary>
internal static class ModelNotes
{
    /// <summary>Tells of models that cannot do well with the images they are given.</summary>
    /// <param name="host">Where to write.</param>
    /// <param name="name">What the model was named by.</param>
    /// <param name="isDefault">Whether it is the bundled one because none was named.</param>
    /// <param name="tokenizer">The tokenizer.</param>
    /// <param name="images">The images; those that the tokenizer has decoded itself are what it does well with.</param>
    public static void Tell(CommandHost host, string name, bool isDefault, ImageTokenizer tokenizer, IEnumerable<string> images)
    {
        if (NamedModel.IsPreset(name))
            host.Terminal.Error.WriteLine($"hita: '{name}' is an architecture without training; its codes and images mean nothing.");
        else if (isDefault && images.Any(i => ImageOrigin.TokenizerOf(i) != tokenizer.ModelHash))
            host.Terminal.Error.WriteLine("hita: without -m this is the small bundled model, which has only ever seen watercolours of fruits and reconstructs other images only roughly.");
    }

    /// <summary>The same for a command that takes one model.</summary>
    public static void Tell(CommandHost host, ParseResult parsed, Option<string> model, ImageTokenizer tokenizer, IEnumerable<string> images) =>
        Tell(host, parsed.GetValue(model)!, parsed.GetResult(model) is not { Implicit: false }, tokenizer, images);

    /// <summary>Tells where an edit is far coarser than the image it is put into.</summary>
    /// <param name="host">Where to write.</param>
    /// <param name="window">The side of the part that was worked on, in pixels of the image.</param>
    /// <param name="model">The side the model works at, in pixels.</param>
    public static void TellOfCoarseness(CommandHost host, int window, int model)
    {
        const double Visible = 1.5;
        if (window > Visible * model)
            host.Terminal.Error.WriteLine(FormattableString.Invariant($"hita: the model works at {model} pixels a side and a part of {window} was changed, so that what is new is {(double)window / model:0.#} times coarser than the image around it; a smaller image, or a smaller part of it, comes out sharper."));
    }
}
