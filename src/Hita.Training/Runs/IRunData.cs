using Hita.Data;
using Hita.Training.Recipes;

namespace Hita.Training.Runs;

/// <summary>What a run learns from.</summary>
/// <typeparam name="TBatch">What a step learns from.</typeparam>
internal interface IRunData<TBatch> : IDisposable
{
    /// <summary>What it is, for records.</summary>
    string Description { get; }

    /// <summary>Images to learn from.</summary>
    int Count { get; }

    /// <summary>The recipe's schedule, with steps of no more images than there are.</summary>
    ScheduleSection Schedule { get; }

    /// <summary>Steps of a pass.</summary>
    int StepsPerEpoch { get; }

    /// <summary>What a person should know before training on it.</summary>
    IReadOnlyList<string> Notes { get; }

    /// <summary>What the loader of images met; null where nothing loads images.</summary>
    LoaderStatistics? Statistics { get; }

    /// <summary>The steps from one on.</summary>
    /// <param name="firstStep">The step, from 1.</param>
    IBatchFeed<TBatch> Feed(long firstStep);
}
