namespace Hita.Checkpoints;

/// <summary>Which of the weights of a published checkpoint is meant; flat files, which hold one set of weights only, ignore it.</summary>
public enum WeightSection
{
    /// <summary>The first there is of <c>ema</c>, <c>model</c>, <c>state_dict</c> and <c>module</c>, else the file itself.</summary>
    Automatic,

    /// <summary>The moving average of the weights, <c>ema</c>.</summary>
    Ema,

    /// <summary>The weights as trained: <c>model</c>, <c>module</c> or <c>state_dict</c>, else the file itself.</summary>
    Model,
}
