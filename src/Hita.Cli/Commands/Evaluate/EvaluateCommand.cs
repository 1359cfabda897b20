using System.CommandLine;
using Hita.Cli.Hosting;

namespace Hita.Cli.Commands.Evaluate;

/// <summary><c>hita evaluate</c>: measures tokenizers, generators and archives of samples.</summary>
internal static class EvaluateCommand
{
    public static Command Create(CommandHost host)
    {
        var command = new HitaCommand(
            "evaluate",
            "Measure a tokenizer, a generator or an archive of samples. A run that was stopped continues when the command is repeated.",
            "hita evaluate reconstruction photos/ -m models/hita -o evaluation --samples 1000",
            "hita evaluate generation -m models/hita --reference VIRTUAL_imagenet256_labeled.npz --protocol published -o evaluation",
            "hita evaluate archive samples.npz VIRTUAL_imagenet256_labeled.npz -o evaluation")
        {
            ReconstructionCommand.Create(host),
            GenerationCommand.Create(host),
            ArchiveCommand.Create(host),
            FeaturesCommand.Create(host),
            ClassesCommand.Create(host),
            MergeCommand.Create(host),
        };
        command.SetAction(parsed => new HelpWithExamples().Invoke(parsed));
        return command;
    }
}
