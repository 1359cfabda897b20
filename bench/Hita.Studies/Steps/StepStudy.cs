using System.Globalization;
using Hita.Training;

namespace Hita.Studies.Steps;

/// <summary>Measures the forms of a step in turns, so that whatever else the machine does meets all of them.</summary>
internal sealed class StepStudy
{
    /// <summary>Steps at the beginning of a turn that do not count.</summary>
    public const int Settling = 3;

    /// <summary>How often each form has its turn.</summary>
    public int Rounds { get; init; } = 5;

    /// <summary>Steps of a turn that count.</summary>
    public int TurnSteps { get; init; } = 8;

    /// <summary>Measures a stage.</summary>
    /// <param name="stage">The stage's name.</param>
    /// <param name="images">Images of a step.</param>
    /// <param name="forms">The stage in its forms, the library's first.</param>
    /// <param name="say">Told how far it is.</param>
    /// <param name="cancellation">Stops.</param>
    public StepSpeed Run(string stage, int images, IReadOnlyList<MeasuredTrainer> forms, Action<string> say, CancellationToken cancellation)
    {
        var turns = forms.Select(static _ => new List<TurnTimes>()).ToArray();
        // The first round fills caches and compiles, and does not count.
        for (var round = 0; round <= Rounds; round++)
        {
            // There and back: what changes evenly in a round, such as the processor's heat, meets all forms alike.
            var order = Enumerable.Range(0, forms.Count);
            foreach (var i in round % 2 == 0 ? order : order.Reverse())
            {
                var times = forms[i].Turn(Settling, round == 0 ? 1 : TurnSteps, cancellation);
                if (round > 0)
                    turns[i].Add(times);
                say(string.Create(CultureInfo.InvariantCulture, $"{stage}: round {round} of {Rounds}, {forms[i].Forms.Short}, {1000 * times.Seconds / times.Steps:0} ms a step"));
            }
        }
        return Summarise(stage, images, [.. forms.Select(static f => (f.Forms, f.ComparedLoss))], turns);
    }

    /// <summary>Ratios within rounds, and the parts of the first and the slowest form.</summary>
    internal static StepSpeed Summarise(string stage, int images, IReadOnlyList<(StepForms Forms, double ComparedLoss)> forms, IReadOnlyList<TurnTimes>[] turns)
    {
        var rows = forms.Select((form, i) =>
        {
            var ratios = turns[i].Zip(turns[0]).Select(static t => t.First.Seconds / t.First.Steps / (t.Second.Seconds / t.Second.Steps)).ToArray();
            var seconds = Median([.. turns[i].Select(static t => t.Seconds / t.Steps)]);
            return new FormRow(
                form.Forms.Name, form.Forms.Short, seconds, images / seconds, Median(ratios), ratios.Min(), ratios.Max(), ratios, form.ComparedLoss);
        }).ToList();
        var naive = forms.ToList().FindIndex(static f => f.Forms == StepForms.Naive);
        return new StepSpeed(stage, images, rows, Parts(turns[0], naive < 0 ? null : turns[naive]));
    }

    /// <summary>The middle value, or the mean of the two in the middle.</summary>
    internal static double Median(double[] values)
    {
        var sorted = values.Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    private static List<PartRow> Parts(IReadOnlyList<TurnTimes> library, IReadOnlyList<TurnTimes>? naive)
    {
        var rows = new List<PartRow>();
        Add("waiting for images, or reading them", static t => t.Waiting);
        Add("making the batch (a generator's: encoding)", static t => t.Preparing);
        foreach (var part in Enum.GetValues<StepPart>())
            Add(PartName(part), t => t.Parts[(int)part]);
        Add("the rest", static t => t.Rest);
        return rows;

        void Add(string name, Func<TurnTimes, double> seconds)
        {
            var row = new PartRow(name, Mean(library, seconds), Share(library, seconds), naive is null ? null : Mean(naive, seconds), naive is null ? null : Share(naive, seconds));
            // What a stage has not is left out.
            if (row.Seconds != 0 || row.NaiveSeconds is not (null or 0))
                rows.Add(row);
        }

        static double Mean(IReadOnlyList<TurnTimes> turns, Func<TurnTimes, double> seconds) => turns.Sum(seconds) / turns.Sum(static t => t.Steps);

        static double Share(IReadOnlyList<TurnTimes> turns, Func<TurnTimes, double> seconds) => turns.Sum(seconds) / turns.Sum(static t => t.Seconds);
    }

    private static string PartName(StepPart part) => part switch
    {
        StepPart.Encoder => "forward: encoder",
        StepPart.Quantizers => "forward: quantizers",
        StepPart.Decoder => "forward: decoder",
        StepPart.Network => "forward: network",
        StepPart.Loss => "forward: losses",
        StepPart.Backward => "backward",
        StepPart.Discriminator => "discriminator",
        StepPart.Optimizer => "gradient norm, clipping, optimiser",
        _ => "average of the weights",
    };
}

/// <summary>What was measured of one form of a step.</summary>
/// <param name="Name">The form.</param>
/// <param name="Short">Its short name.</param>
/// <param name="Seconds">Seconds of a step: the median of the turns' means.</param>
/// <param name="ImagesPerSecond">Images a second at that.</param>
/// <param name="Ratio">Its time over the library's in the same round: the median.</param>
/// <param name="Low">The smallest of these ratios.</param>
/// <param name="High">The largest.</param>
/// <param name="Ratios">All of them, by round.</param>
/// <param name="ComparedLoss">The loss of step <see cref="MeasuredTrainer.ComparedStep"/>.</param>
internal sealed record FormRow(
    string Name, string Short, double Seconds, double ImagesPerSecond, double Ratio, double Low, double High, IReadOnlyList<double> Ratios, double ComparedLoss);

/// <summary>What a part of a step takes.</summary>
/// <param name="Name">The part.</param>
/// <param name="Seconds">Seconds a step in the library's.</param>
/// <param name="Share">Its share of the library's step, 0 to 1.</param>
/// <param name="NaiveSeconds">Seconds a step in the naive one; null where none was measured.</param>
/// <param name="NaiveShare">Its share of that.</param>
internal sealed record PartRow(string Name, double Seconds, double Share, double? NaiveSeconds, double? NaiveShare);

/// <summary>The speed of a stage's step.</summary>
internal sealed record StepSpeed(string Stage, int Images, IReadOnlyList<FormRow> Forms, IReadOnlyList<PartRow> Parts);
