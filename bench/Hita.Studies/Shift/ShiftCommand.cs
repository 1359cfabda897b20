using System.CommandLine;
using Hita.Runtime;

namespace Hita.Studies.Shift;

/// <summary>The command that compares shifts.</summary>
internal static class ShiftCommand
{
    public static Command Create()
    {
        var output = StudyShell.Output();
        var threads = StudyShell.Threads();
        var recipe = new Option<string>("--recipe") { Description = "The tokenizer's recipe.", DefaultValueFactory = static _ => "recipes/materials-tokenizer.yaml" };
        var sets = StudyShell.Sets("--set", "Changes a value of the recipe, as section.key=value; may be given several times.");
        var steps = StudyShell.Count("--steps", "Steps of each run.", 4000, least: 1);
        var shifts = new Option<string>("--shifts") { Description = "The shifts k, with commas between them.", DefaultValueFactory = static _ => "0,4" };
        var revivals = new Option<string>("--revival")
        {
            Description = "Steps between two revivals of unused codebook entries; 0 for none. Several, with commas between them, train each shift with each.",
            DefaultValueFactory = static _ => "0",
        };
        var scenes = StudyShell.Count("--scenes", "Images held out on which codes are swapped.", 512, least: 2);
        var command = new Command("shift", "What the decoder's shift k does to the use of the holistic codes; runs that were stopped go on.")
        {
            output, recipe, sets, steps, shifts, revivals, scenes, threads,
        };
        command.SetAction((parsed, cancellation) => StudyShell.Run(() =>
        {
            Compute.UseThreads(parsed.GetValue(threads));
            var study = new ShiftStudy
            {
                RecipeFile = parsed.GetValue(recipe)!,
                Sets = parsed.GetValue(sets) ?? [],
                Output = parsed.GetValue(output)!,
                Steps = parsed.GetValue(steps),
                Shifts = StudyShell.Numbers("--shifts", parsed.GetValue(shifts)!),
                Revivals = StudyShell.Numbers("--revival", parsed.GetValue(revivals)!),
                Scenes = parsed.GetValue(scenes),
            };
            var report = study.Run(StudyShell.Say, cancellation);
            StudyFiles.Write(study.Output, report, report.Markdown(), sheet: null, report.Plots());
        }));
        return command;
    }
}
