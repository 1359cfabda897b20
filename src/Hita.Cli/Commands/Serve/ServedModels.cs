using System.CommandLine;
using Hita.Checkpoints;
using Hita.Cli.Options;
using Hita.Models;
using Hita.Runtime;
using Hita.Server.Settings;

namespace Hita.Cli.Commands.Serve;

/// <summary>The options that say which models a server loads, and how.</summary>
internal sealed class ServedModels
{
    private readonly Option<string[]> _models = new("--model", "-m")
    {
        Description = $"A pipeline: a folder with tokenizer/ and generator/, a generator's training run, or a preset. May be given several times; requests choose by the last part of its name, and the first one is the default. If left out, the bundled pipeline, {BundledModels.Default}.",
        HelpName = "DIR|PRESET",
    };

    private readonly Option<string[]> _precision = new("--precision")
    {
        Description = "The type of the generators' weights in memory. May be given several times: each model is then loaded in each, and requests choose.",
        HelpName = "float32|bf16|int8",
        DefaultValueFactory = static _ => ["float32"],
    };

    private readonly Option<string> _decoding = CommonOptions.DecoderPrecisionOption();
    private readonly Option<string> _engine = CommonOptions.EngineOption();
    private readonly Option<bool> _generateOnly = new("--generate-only") { Description = "Load no encoders: less memory, and nothing but generating and decoding." };

    public ServedModels() => _precision.Validators.Add(static result =>
    {
        foreach (var token in result.Tokens.Where(static t => t.Value is not ("float32" or "bf16" or "int8")))
            result.AddError($"--precision is '{token.Value}'; it must be one of float32, bf16, int8.");
    });

    public void AddTo(Command command)
    {
        foreach (var option in (ReadOnlySpan<Option>)[_models, _precision, _decoding, _engine, _generateOnly])
            command.Options.Add(option);
    }

    /// <summary>Adds the pipelines; what is no model is refused here, before anything listens.</summary>
    public void Apply(ParseResult parsed, HitaServerOptions options)
    {
        var folders = parsed.GetValue(_models) is { Length: > 0 } given ? given : [BundledModels.Default];
        var precisions = parsed.GetValue(_precision)!.Distinct().ToList();
        foreach (var folder in folders)
        {
            NamedGenerator.Read(folder);
            foreach (var word in precisions)
            {
                var pipeline = ServedPipeline.Of(folder);
                options.Pipelines.Add(pipeline with
                {
                    // The first precision has the plain name.
                    Id = word == precisions[0] ? pipeline.Id : $"{pipeline.Id}-{word}",
                    Precision = word switch
                    {
                        "bf16" => Precision.BFloat16,
                        "int8" => Precision.Int8,
                        _ => Precision.Float32,
                    },
                    Decoding = CommonOptions.Chosen(parsed, _decoding),
                    Engine = CommonOptions.ChosenEngine(parsed, _engine),
                });
            }
        }
        options.Editing = !parsed.GetValue(_generateOnly);
    }
}
