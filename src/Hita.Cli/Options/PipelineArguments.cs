using System.CommandLine;
using Hita.Cli.Hosting;
using Hita.Generation;
using Hita.Models;
using Hita.Runtime;
using Hita.Tokenization;

namespace Hita.Cli.Options;

/// <summary>The options by which an editing command finds and loads its models.</summary>
internal sealed class PipelineArguments
{
    private readonly ModelArguments _models = new();
    private readonly Option<string> _precision = CommonOptions.PrecisionOption(Precision.Float32, Precision.BFloat16, Precision.Int8);
    private readonly Option<string> _engine = CommonOptions.EngineOption();
    private readonly Option<string?> _class = new("--class") { Description = "The class to sample for, by number or name; none if left out.", HelpName = "CLASS" };
    private readonly SamplingArguments _sampling = new();

    // Options belong to one command line, which names one generator: it is read for the sampling, and opened later.
    private NamedGenerator? _generator;

    public void AddTo(Command command, bool classRequired = false)
    {
        _class.Required = classRequired;
        if (classRequired)
            _class.Description = "The class that the box becomes, by number or name.";
        _models.AddTo(command);
        command.Options.Add(_class);
        command.Options.Add(_precision);
        command.Options.Add(_engine);
        _sampling.AddTo(command);
    }

    /// <summary>How codes are sampled. Checked before any weight is read.</summary>
    public Editing.EditSamplingOptions SamplingOf(ParseResult parsed)
    {
        var generator = Generator(parsed);
        var request = _sampling.Request(parsed, generator.Sampling);
        return new Editing.EditSamplingOptions
        {
            Class = parsed.GetValue(_class) is { } text ? generator.Classes.Find(text) : null,
            Seed = request.Seed,
            FirstImage = request.FirstImage,
            Sampling = request.Sampling,
            Boundary = request.Boundary,
            BatchSize = request.BatchSize,
        };
    }

    /// <summary>Loads both models, the tokenizer with its encoder.</summary>
    /// <param name="host">The program.</param>
    /// <param name="parsed">The command line.</param>
    /// <param name="images">The images that are edited.</param>
    public ImagePipeline Open(CommandHost host, ParseResult parsed, params IEnumerable<string> images)
    {
        var (generator, tokenizer) = _models.Parts(parsed);
        var pipeline = NamedModel.OpenPipeline(
            Generator(parsed),
            NamedTokenizer.Read(tokenizer),
            new GeneratorOptions
            {
                Device = parsed.GetValue(host.Globals.Device)!,
                Precision = CommonOptions.Chosen(parsed, _precision),
                Threads = parsed.GetValue(host.Globals.Threads) ?? 0,
                Engine = CommonOptions.ChosenEngine(parsed, _engine),
            },
            withEncoder: true);
        ModelNotes.Tell(host, generator, _models.IsDefault(parsed), pipeline.Tokenizer, images);
        return pipeline;
    }

    private NamedGenerator Generator(ParseResult parsed) => _generator ??= NamedGenerator.Read(_models.Parts(parsed).Generator);

    /// <summary>The type of the generator's weights, for the record.</summary>
    public string PrecisionName(ParseResult parsed) => parsed.GetValue(_precision)!;

    /// <summary>Loads a tokenizer with its encoder, for commands that need no generator.</summary>
    public static ImageTokenizer OpenTokenizer(CommandHost host, ParseResult parsed, Option<string> model, params IEnumerable<string> images)
    {
        var tokenizer = NamedModel.OpenTokenizer(parsed.GetValue(model)!, new TokenizerOptions { Device = parsed.GetValue(host.Globals.Device)! });
        ModelNotes.Tell(host, parsed, model, tokenizer, images);
        return tokenizer;
    }
}
