using System.CommandLine;
using Hita.Runtime;

namespace Hita.Cli.Options;

/// <summary>The options by which every command that needs a generator and a tokenizer finds the two.</summary>
internal sealed class ModelArguments
{
    private readonly Option<string> _model = CommonOptions.Model("The pipeline: a folder with tokenizer/ and generator/, or a generator's training run");
    private readonly Option<string?> _generator = new("--generator") { Description = "The generator alone: a model folder, a training run or a preset. Its tokenizer is the one it was trained with, unless --tokenizer names another.", HelpName = "DIR|PRESET" };
    private readonly Option<string?> _tokenizer = new("--tokenizer") { Description = "The tokenizer alone: a model folder, a training run or a preset.", HelpName = "DIR|PRESET" };

    public void AddTo(Command command)
    {
        command.Options.Add(_model);
        command.Options.Add(_generator);
        command.Options.Add(_tokenizer);
    }

    /// <summary>Where both parts are; each is what <see cref="Models.NamedModel"/> opens.</summary>
    /// <exception cref="HitaException">A tokenizer was named alone.</exception>
    public (string Generator, string Tokenizer) Parts(ParseResult parsed)
    {
        var (generator, tokenizer) = (parsed.GetValue(_generator), parsed.GetValue(_tokenizer));
        // A part of one's own asks for the other one: the bundled pipeline's would not fit it.
        var pipeline = (generator ?? tokenizer) is null || parsed.GetResult(_model) is { Implicit: false } ? parsed.GetValue(_model) : null;
        var from = generator ?? pipeline ?? throw new HitaException(
            "A tokenizer alone does not generate: name the generator with --generator, or a pipeline with -m.");
        return (from, tokenizer ?? pipeline ?? from);
    }

    /// <summary>What the models were named by, for a report.</summary>
    public string Name(ParseResult parsed)
    {
        var (generator, tokenizer) = Parts(parsed);
        return generator == tokenizer ? generator : $"{generator} with {tokenizer}";
    }

    /// <summary>Whether nothing was named, so that the bundled pipeline is used.</summary>
    public bool IsDefault(ParseResult parsed) =>
        parsed.GetResult(_model) is not { Implicit: false } && (parsed.GetValue(_generator) ?? parsed.GetValue(_tokenizer)) is null;
}
