using Hita.Cli.Hosting;

namespace Hita.Cli.Commands.Data;

/// <summary><c>hita data</c>: what is done with sets of images besides training on them.</summary>
internal static class DataCommand
{
    public static HitaCommand Create(CommandHost host)
    {
        var command = new HitaCommand(
            "data",
            "Check a set of images before training, write it in another format, or look at it.",
            "hita data check photos/",
            "hita data convert photos/ -o shards",
            "hita data show materials -o sheet.png")
        {
            DataCheckCommand.Create(host),
            DataConvertCommand.Create(host),
            DataShowCommand.Create(host),
        };
        command.SetAction(parsed => new HelpWithExamples().Invoke(parsed));
        return command;
    }
}
