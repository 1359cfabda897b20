namespace Hita.Studies.Steps;

/// <summary>A training step, with or without what makes it fast.</summary>
/// <param name="Name">Its name in tables.</param>
/// <param name="Short">Its name in plots.</param>
internal sealed record StepForms(string Name, string Short)
{
    /// <summary>The library's step.</summary>
    public static StepForms Library { get; } = new("the library's step", "library");

    /// <summary>The same step without any of it.</summary>
    public static StepForms Naive { get; } = new("naive: without all of these", "naive")
    {
        ChannelsLast = false,
        FusedNorm = false,
        FusedLists = false,
        ReadsAhead = false,
    };

    /// <summary>Each part taken away by itself, between the library's step and the naive one.</summary>
    public static IReadOnlyList<StepForms> All { get; } =
    [
        Library,
        new("without channels-last, and so without the group norm kernel", "layout") { ChannelsLast = false },
        new("the framework's group norm and swish", "norm") { FusedNorm = false },
        new("a per-tensor optimiser, norm, clipping and average", "optimiser") { FusedLists = false },
        new("images read in the step's thread", "reading") { ReadsAhead = false },
        Naive,
    ];

    /// <summary>Those that make a difference to a generator that learns from a token cache: nothing is sampled or encoded.</summary>
    public static IReadOnlyList<StepForms> OfCache { get; } = [Library, .. All.Where(static f => f is { FusedLists: false, ReadsAhead: true })];

    /// <summary>A generator's step on codes that are there already, as from a token cache.</summary>
    public static StepForms Cached { get; } = new("codes made before, as in a token cache", "cached") { CodesReady = true };

    /// <summary>Whether convolutions keep channels as the fastest dimension.</summary>
    public bool ChannelsLast { get; init; } = true;

    /// <summary>Whether group norm and swish are one kernel.</summary>
    public bool FusedNorm { get; init; } = true;

    /// <summary>Whether optimiser, clipping and average work on all tensors in one call.</summary>
    public bool FusedLists { get; init; } = true;

    /// <summary>Whether threads of their own read images ahead of the step.</summary>
    public bool ReadsAhead { get; init; } = true;

    /// <summary>Whether a generator's codes are there before the step.</summary>
    public bool CodesReady { get; init; }
}
