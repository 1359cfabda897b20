using System.Globalization;
using Hita.Runtime;

namespace Hita.Training.Runs;

/// <summary>Watches a run: steps that had to be skipped, codebooks that fall out of use.</summary>
internal sealed class DivergenceMonitor(RunPlan plan, ITrainingObserver observer)
{
    private readonly HashSet<string> _low = new(StringComparer.Ordinal);

    /// <summary>Steps skipped since the run began.</summary>
    public long Skipped { get; set; }

    /// <summary>Steps skipped one after the other up to now.</summary>
    public int SkippedInRow { get; private set; }

    /// <summary>Looks at a step.</summary>
    /// <exception cref="HitaException">Too many steps in a row could not be taken.</exception>
    public void Check(StepReport report, long step)
    {
        if (!report.Skipped)
        {
            SkippedInRow = 0;
            CheckUsage(report, step);
            return;
        }
        Skipped++;
        SkippedInRow++;
        var broken = string.Join(", ", report.Values.Where(static v => !double.IsFinite(v.Value)).Select(static v => v.Key));
        if (SkippedInRow > plan.MaxSkipped)
        {
            throw new HitaException(
                $"Training stopped at step {step}: {SkippedInRow} steps in a row gave values that are not finite" +
                $"{(broken.Length > 0 ? $" ({broken})" : "")}; resume from the last checkpoint with a lower learning rate.");
        }
        if (SkippedInRow == 1)
            observer.Noted($"Step {step} was skipped, because values were not finite{(broken.Length > 0 ? $": {broken}" : "")}.");
    }

    private void CheckUsage(StepReport report, long step)
    {
        if (plan.UsageThreshold <= 0 || step < plan.UsageFrom)
            return;
        foreach (var (name, value) in report.Values)
        {
            if (!name.EndsWith("_usage", StringComparison.Ordinal))
                continue;
            // Said once a fall, and again only after the usage has recovered.
            if (value >= plan.UsageThreshold * 1.1)
                _low.Remove(name);
            else if (value < plan.UsageThreshold && _low.Add(name))
                observer.Noted(string.Create(CultureInfo.InvariantCulture, $"At step {step} {name} is {value:P0}, under the threshold of {plan.UsageThreshold:P0}: the codebook is falling out of use."));
        }
    }
}
