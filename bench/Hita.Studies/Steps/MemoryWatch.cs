using Hita.Training.Runs;

namespace Hita.Studies.Steps;

/// <summary>The process's memory after a step.</summary>
/// <param name="Step">The step.</param>
/// <param name="Resident">Mebibytes in memory.</param>
/// <param name="Managed">Of these, mebibytes that .NET's collector looks after.</param>
internal sealed record MemorySample(long Step, double Resident, double Managed);

/// <summary>Notes the memory of a run, as whoever trains would see it: with validation, samples and checkpoints.</summary>
internal sealed class MemoryWatch(string stage, int every, Action<string> say) : ITrainingObserver
{
    private const double Mebibyte = 1 << 20;
    private readonly List<MemorySample> _samples = [];
    private long _steps;

    public void Started(RunPlan plan, long from) => _steps = plan.Steps;

    public void Stepped(StepRecord record)
    {
        if (record.Step % every != 0 && record.Step != 1)
            return;
        _samples.Add(new MemorySample(record.Step, Environment.WorkingSet / Mebibyte, GC.GetTotalMemory(false) / Mebibyte));
        if (record.Step % (10L * every) == 0)
            say(FormattableString.Invariant($"{stage}: memory over {record.Step} of {_steps} steps, {_samples[^1].Resident:0} MiB"));
    }

    public void Written(long number, string path)
    {
    }

    public void Noted(string sentence) => say($"{stage}: {sentence}");

    public void Began(string what)
    {
    }

    /// <summary>What the samples come to.</summary>
    public StepMemory Result(string recipe) => StepMemory.Of(stage, recipe, _samples);
}

/// <summary>Memory over the steps of a run.</summary>
/// <param name="Stage">The stage.</param>
/// <param name="Recipe">The recipe and what was changed in it.</param>
/// <param name="Steps">How many steps were taken.</param>
/// <param name="WarmUp">The step after which the slope is taken: a fifth of all.</param>
/// <param name="Slope">Mebibytes that the memory grows in 1000 steps after it, by least squares.</param>
/// <param name="SlopeError">The slope's standard error, as if the samples were independent.</param>
/// <param name="AtWarmUp">Mebibytes at its end.</param>
/// <param name="AtEnd">Mebibytes at the last sample.</param>
/// <param name="Highest">The most of all samples.</param>
/// <param name="Samples">All samples.</param>
internal sealed record StepMemory(
    string Stage, string Recipe, long Steps, long WarmUp, double Slope, double SlopeError, double AtWarmUp, double AtEnd, double Highest,
    IReadOnlyList<MemorySample> Samples)
{
    public static StepMemory Of(string stage, string recipe, IReadOnlyList<MemorySample> samples)
    {
        var warm = samples[^1].Step / 5;
        var counted = samples.Where(s => s.Step > warm).ToList();
        var (slope, error) = Slope1000(counted);
        return new StepMemory(
            stage, recipe, samples[^1].Step, warm, slope, error, counted[0].Resident, samples[^1].Resident, samples.Max(static s => s.Resident),
            samples);
    }

    private static (double Slope, double Error) Slope1000(List<MemorySample> samples)
    {
        if (samples.Count < 3)
            return (double.NaN, double.NaN);
        var (x, y) = (samples.Average(static s => (double)s.Step), samples.Average(static s => s.Resident));
        var spread = samples.Sum(s => (s.Step - x) * (s.Step - x));
        var slope = samples.Sum(s => (s.Step - x) * (s.Resident - y)) / spread;
        var left = samples.Sum(s => Math.Pow(s.Resident - y - (slope * (s.Step - x)), 2));
        return (1000 * slope, 1000 * Math.Sqrt(left / (samples.Count - 2) / spread));
    }
}
