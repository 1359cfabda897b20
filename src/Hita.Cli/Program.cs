using Hita.Cli;
using Hita.Cli.Output;

using var interruption = new Interruption();
return CommandLineApp.Run(args, Terminal.OfThisProcess(), interruption.Token);
