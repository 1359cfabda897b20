using System.CommandLine;

namespace Hita.Studies.Steps;

/// <summary>The command that measures training steps.</summary>
internal static class TrainingCommand
{
    public static Command Create()
    {
        var output = StudyShell.Output();
        var threads = StudyShell.Threads();
        var tokenizer = new Option<string>("--tokenizer-recipe") { Description = "The tokenizer's recipe.", DefaultValueFactory = static _ => "recipes/materials-tokenizer.yaml" };
        var generator = new Option<string>("--generator-recipe") { Description = "The generator's recipe.", DefaultValueFactory = static _ => "recipes/materials-generator.yaml" };
        var tokenizerSets = StudyShell.Sets("--tokenizer-set", "Changes a value of the tokenizer's recipe, as section.key=value; may be given several times.");
        var generatorSets = StudyShell.Sets("--generator-set", "Changes a value of the generator's recipe.");
        var stages = new Option<StudiedStages>("--stage") { Description = "tokenizer, generator or both.", DefaultValueFactory = static _ => StudiedStages.Both };
        var rounds = StudyShell.Count("--rounds", "Turns of each form of the step; 0 measures no speed.", 5, least: 0);
        var turn = StudyShell.Count("--turn-steps", "Steps of a turn that count.", 8, least: 1);
        var memory = StudyShell.Count("--memory-steps", "Steps over which the memory is watched; 0 for none.", 2000, least: 0);
        var every = StudyShell.Count("--memory-every", "Steps between two looks at the memory.", 20, least: 1);
        var command = new Command("training", "A training step of both stages against naive code, where its time goes, and memory over many steps.")
        {
            output, tokenizer, generator, tokenizerSets, generatorSets, stages, rounds, turn, memory, every, threads,
        };
        command.SetAction((parsed, cancellation) => StudyShell.Run(() =>
        {
            var study = new TrainingStudy
            {
                TokenizerRecipeFile = parsed.GetValue(tokenizer)!,
                TokenizerSets = parsed.GetValue(tokenizerSets) ?? [],
                GeneratorRecipeFile = parsed.GetValue(generator)!,
                GeneratorSets = parsed.GetValue(generatorSets) ?? [],
                Output = parsed.GetValue(output)!,
                Stages = parsed.GetValue(stages),
                Steps = new StepStudy { Rounds = parsed.GetValue(rounds), TurnSteps = parsed.GetValue(turn) },
                MemorySteps = parsed.GetValue(memory),
                MemoryEvery = parsed.GetValue(every),
                Threads = parsed.GetValue(threads),
            };
            var report = study.Run(StudyShell.Say, cancellation);
            StudyFiles.Write(study.Output, report, report.Markdown(), sheet: null, report.Plots());
        }));
        return command;
    }
}
