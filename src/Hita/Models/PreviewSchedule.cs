using Hita.Generation;

namespace Hita.Models;

/// <summary>When previews of an image are made.</summary>
internal static class PreviewSchedule
{
    /// <summary>
    /// The numbers of tokens after which previews are made. The first comes with the last holistic code, since these describe the
    /// whole image; without any, after the first share of the patch codes. The others share out the rest evenly.
    /// </summary>
    /// <param name="sequence">The image.</param>
    /// <param name="count">Previews wanted.</param>
    /// <returns>Ascending, at least 1 and fewer than all tokens; fewer than asked for where there are fewer tokens.</returns>
    public static int[] Tokens(SampledSequence sequence, int count)
    {
        var (first, last) = (sequence.HolisticCount, sequence.TokenCount);
        var tokens = new SortedSet<int>();
        for (var i = 0; i < count; i++)
        {
            // The end needs no preview: the image itself comes then.
            var at = first > 0 && first < last
                ? first + (int)((long)(last - first) * i / count)
                : (int)((long)last * (i + 1) / (count + 1));
            if (at > 0 && at < last)
                tokens.Add(at);
        }
        return [.. tokens];
    }
}
