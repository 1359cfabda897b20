using Hita.Training.Recipes;

namespace Hita.Training.Runs;

/// <summary>What a recipe asks for, made to fit data that are too few for it; recipes are written for thousands of images.</summary>
internal static class FittedToData
{
    /// <summary>
    /// How many images are held out: as many as asked for where that is half of them at most, else a tenth, but one at least. Of a
    /// single image none is held out.
    /// </summary>
    /// <param name="asked">What the recipe asks for.</param>
    /// <param name="images">Images there are.</param>
    public static int HeldOut(int asked, int images) =>
        asked <= images / 2 ? asked : Math.Max(images / 10, Math.Min(1, images / 2));

    /// <summary>What a person is told where fewer are held out than asked for; null where all are.</summary>
    /// <param name="asked">What the recipe asks for.</param>
    /// <param name="images">Images there are.</param>
    public static string? HeldOutNote(int asked, int images) => HeldOut(asked, images) is var held && held == asked
        ? null
        : $"validation.count is {asked}, and there are {Images(images)} in all: {held} of them {(held == 1 ? "is" : "are")} held out.";

    /// <summary>
    /// The schedule with steps of no more images than there are: of all of them, less what the accumulation leaves over.
    /// </summary>
    /// <param name="schedule">The recipe's, without faults.</param>
    /// <param name="images">Images to learn from.</param>
    public static ScheduleSection Schedule(ScheduleSection schedule, int images)
    {
        if (schedule.BatchSize <= images || images < 1)
            return schedule;
        var parts = Math.Min(schedule.Accumulation, images);
        return schedule with { BatchSize = images / parts * parts, Accumulation = parts };
    }

    /// <summary>What a person is told where steps are smaller than asked for; null where they are not.</summary>
    /// <param name="asked">The recipe's schedule.</param>
    /// <param name="images">Images to learn from.</param>
    public static string? ScheduleNote(ScheduleSection asked, int images) => Schedule(asked, images) is var fitted && fitted == asked
        ? null
        : $"schedule.batch_size is {asked.BatchSize}, and there {(images == 1 ? "is" : "are")} {Images(images)} to learn from: a step takes {fitted.BatchSize}.";

    private static string Images(int count) => count == 1 ? "1 image" : $"{count} images";
}
