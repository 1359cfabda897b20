namespace Hita.Data;

/// <summary>What a loader has done so far, counted over the batches it has handed out.</summary>
/// <param name="ImagesRead">Images decoded for these batches.</param>
/// <param name="Unreadable">Attempts at images that could not be read; the same image counts anew in each epoch.</param>
/// <param name="FirstUnreadable">What was said about the first few of them, each naming its image.</param>
/// <param name="Waited">Time that whoever asks for batches has waited for them, without the first batch, which is always waited for.</param>
/// <param name="Elapsed">Time since the first batch was there.</param>
public sealed record LoaderStatistics(
    long ImagesRead, long Unreadable, IReadOnlyList<string> FirstUnreadable, TimeSpan Waited, TimeSpan Elapsed)
{
    /// <summary>The share of the time that was spent waiting for images, 0 to 1; near 0 means that decoding keeps up.</summary>
    public double WaitShare => Elapsed > TimeSpan.Zero ? Math.Min(Waited / Elapsed, 1) : 0;
}
