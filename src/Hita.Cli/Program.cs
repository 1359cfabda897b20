using Hita.Cli;
using Hita.Cli.Hosting;
using Hita.Cli.Output;

using var interruption = new Interruption();
using var mark = new RunMark();
return CommandLineApp.Run(args, Terminal.OfThisProcess(), interruption.Token);
