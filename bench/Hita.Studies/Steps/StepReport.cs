using System.Globalization;
using System.Text;
using Hita.Evaluation.Reports;

namespace Hita.Studies.Steps;

/// <summary>The study's result.</summary>
/// <param name="Machine">The processor.</param>
/// <param name="Threads">Threads of one tensor operation.</param>
/// <param name="Rounds">Turns of each form.</param>
/// <param name="TurnSteps">Steps of a turn.</param>
/// <param name="Notes">What a reader must know.</param>
/// <param name="Speed">The stages' speed.</param>
/// <param name="Memory">The stages' memory.</param>
internal sealed record StepReport(
    string Machine, int Threads, int Rounds, int TurnSteps, IReadOnlyList<string> Notes, IReadOnlyList<StepSpeed> Speed, IReadOnlyList<StepMemory> Memory)
{
    // Rounding may choose another code here and there; more than this is not the same computation.
    private const double SameLoss = 0.01;

    /// <summary>The plots by file name.</summary>
    public IEnumerable<KeyValuePair<string, string>> Plots()
    {
        foreach (var speed in Speed)
        {
            yield return new(
                $"{speed.Stage}-steps.svg",
                PagePlots.Bars([.. speed.Forms.Select(static f => (f.Short, 1000 * f.Seconds))], "form of the step", $"{speed.Stage}, ms a step"));
        }
        foreach (var memory in Memory)
        {
            yield return new(
                $"{memory.Stage}-memory.svg",
                PagePlots.Lines(
                    [
                        new PlotSeries("resident", [.. memory.Samples.Select(static s => ((double)s.Step, s.Resident))]),
                        new PlotSeries("of these .NET's", [.. memory.Samples.Select(static s => ((double)s.Step, s.Managed))]),
                    ],
                    "step", $"{memory.Stage}, MiB", fromZero: true));
        }
    }

    public string Markdown()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"# A training step\n\n{Machine}, {Threads} threads.");
        foreach (var note in Notes)
            text.Append(CultureInfo.InvariantCulture, $" {note}");
        text.Append('\n');
        foreach (var speed in Speed)
            Append(text, speed);
        if (Memory.Count > 0)
            text.Append("\n## Memory over a run\n\nThe process's resident memory, validation, samples and checkpoints included; the slope is taken after the first fifth.\n\n| stage | steps | after the warm-up, MiB | at the end, MiB | highest, MiB | growth in 1000 steps, MiB |\n| --- | ---: | ---: | ---: | ---: | ---: |\n");
        foreach (var m in Memory)
            text.Append(CultureInfo.InvariantCulture, $"| {m.Stage} | {m.Steps} | {m.AtWarmUp:0} | {m.AtEnd:0} | {m.Highest:0} | {m.Slope:0.00} ± {m.SlopeError:0.00} |\n");
        foreach (var m in Memory)
            text.Append(CultureInfo.InvariantCulture, $"\n![Memory of the {m.Stage}'s training]({m.Stage}-memory.svg)\n");
        return text.ToString();
    }

    private void Append(StringBuilder text, StepSpeed speed)
    {
        var (library, naive) = (speed.Forms[0], speed.Forms.FirstOrDefault(static f => f.Short == StepForms.Naive.Short));
        text.Append(CultureInfo.InvariantCulture, $"\n## The {speed.Stage}'s step\n\n{speed.Images} images a step; {Rounds} rounds in turns of {TurnSteps} steps. ");
        if (naive is not null)
            text.Append(CultureInfo.InvariantCulture, $"A naive step takes {naive.Ratio:0.00} times as long as the library's ({naive.Low:0.00} to {naive.High:0.00}). ");
        text.Append(CultureInfo.InvariantCulture, $"Ratios are of times in the same round: the median, and the smallest and the largest.\n\n| form | ms a step | images/s | time against the library's | from … to | loss of step {MeasuredTrainer.ComparedStep} |\n| --- | ---: | ---: | ---: | ---: | ---: |\n");
        foreach (var f in speed.Forms)
            text.Append(CultureInfo.InvariantCulture, $"| {f.Name} | {1000 * f.Seconds:0} | {f.ImagesPerSecond:0.0} | {f.Ratio:0.00} | {f.Low:0.00} … {f.High:0.00} | {f.ComparedLoss:0.00000} |\n");
        foreach (var f in speed.Forms.Where(f => !(Math.Abs(f.ComparedLoss - library.ComparedLoss) <= SameLoss * Math.Abs(library.ComparedLoss))))
            text.Append(CultureInfo.InvariantCulture, $"\nThe loss of \"{f.Name}\" is not the library's: it does not compute the same, and its time means nothing.\n");
        text.Append(CultureInfo.InvariantCulture, $"\nWhere the time goes:\n\n| part | library, ms | share | {(naive is null ? "" : "naive, ms | share |")}\n| --- | ---: | ---: |{(naive is null ? "" : " ---: | ---: |")}\n");
        foreach (var p in speed.Parts)
        {
            text.Append(CultureInfo.InvariantCulture, $"| {p.Name} | {1000 * p.Seconds:0.0} | {100 * p.Share:0.0} % |");
            if (p is { NaiveSeconds: { } seconds, NaiveShare: { } share })
                text.Append(CultureInfo.InvariantCulture, $" {1000 * seconds:0.0} | {100 * share:0.0} % |");
            text.Append('\n');
        }
        text.Append(CultureInfo.InvariantCulture, $"\n![Times of the {speed.Stage}'s step]({speed.Stage}-steps.svg)\n");
    }
}
