using Hita.Distributed;
using Hita.Runtime;
using Hita.Training.Recipes;

namespace Hita.Training.Runs;

/// <summary>Which part of each step's images a rank learns from: the images of a step are the same however many ranks share them.</summary>
/// <param name="Rank">The rank, from 0.</param>
/// <param name="Size">How many ranks there are.</param>
internal sealed record RankShare(int Rank, int Size)
{
    /// <summary>All of it, for one process.</summary>
    public static RankShare Whole { get; } = new(0, 1);

    /// <summary>The part of this process.</summary>
    public static RankShare Of(ProcessGroup group) => new(group.Rank, group.Size);

    /// <summary>Images of this rank in a step.</summary>
    public int BatchOf(ScheduleSection schedule) => schedule.BatchSize / Size;

    /// <summary>Parts that this rank computes its images of a step in.</summary>
    public int PartsOf(ScheduleSection schedule) => schedule.Accumulation / Size;

    /// <summary>
    /// The schedule with parts that can be shared out evenly. What is random in a part is a function of its number in the step, so that
    /// as many parts give the same run on any number of ranks that divides them.
    /// </summary>
    /// <param name="schedule">The recipe's, fitted to the data.</param>
    /// <exception cref="HitaException">The images of a step cannot be shared out evenly.</exception>
    public ScheduleSection Fit(ScheduleSection schedule)
    {
        if (Size == 1)
            return schedule;
        if (schedule.BatchSize % Size != 0)
            throw new HitaException($"A step of {schedule.BatchSize} images cannot be shared out to {Size} ranks evenly; set schedule.batch_size to a multiple of {Size}, such as {Math.Max(1, schedule.BatchSize / Size) * Size}.");
        var parts = (schedule.Accumulation + Size - 1) / Size * Size;
        while (schedule.BatchSize % parts != 0)
            parts += Size;
        return schedule with { Accumulation = parts };
    }

    /// <summary>
    /// The schedule that a run goes on with: with several ranks in the parts that it has had, where those are a division of the recipe's.
    /// </summary>
    /// <param name="schedule">The recipe's.</param>
    /// <param name="stored">That of the run; null for a new one.</param>
    public ScheduleSection Continue(ScheduleSection schedule, ScheduleSection? stored) =>
        Size > 1 && stored is not null && stored.Accumulation % schedule.Accumulation == 0 ? schedule with { Accumulation = stored.Accumulation } : schedule;

    /// <summary>What a person is told where a step has more parts than asked for; null where it has not.</summary>
    /// <param name="asked">The recipe's schedule.</param>
    /// <param name="fitted">What <see cref="Fit"/> made of it.</param>
    public static string? Note(ScheduleSection asked, ScheduleSection fitted) => fitted.Accumulation == asked.Accumulation
        ? null
        : $"A step is computed in {fitted.Accumulation} parts instead of {asked.Accumulation}, to be shared out: a run on another number of ranks is the same with schedule.accumulation={fitted.Accumulation}.";
}
