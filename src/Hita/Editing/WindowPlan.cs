using Hita.Imaging;

namespace Hita.Editing;

/// <summary>Chooses the windows in which marked pixels are filled, one after the other.</summary>
internal static class WindowPlan
{
    /// <summary>The window to fill next.</summary>
    /// <param name="mask">What is still to be filled; not empty.</param>
    /// <param name="width">Width of a window, at most the mask's.</param>
    /// <param name="height">Height of a window, at most the mask's.</param>
    /// <returns>A box that holds marked pixels.</returns>
    /// <remarks>
    /// Where one window holds all marks, it is laid around them. Otherwise windows stand half a side apart, and the one that
    /// fills most comes first among those that are at least half known, else the one of which most is known: so filling
    /// grows from what is known.
    /// </remarks>
    public static PixelBox Next(ImageMask mask, int width, int height)
    {
        var bounds = mask.Bounds ?? throw new ArgumentException("The mask marks nothing.", nameof(mask));
        if (bounds.Width <= width && bounds.Height <= height)
        {
            return new PixelBox(
                Math.Clamp(bounds.X + ((bounds.Width - width) / 2), 0, mask.Width - width),
                Math.Clamp(bounds.Y + ((bounds.Height - height) / 2), 0, mask.Height - height), width, height);
        }
        var sums = Sums(mask);
        var (best, bestHalf, bestCount) = (default(PixelBox), false, 0L);
        foreach (var y in Steps(mask.Height, height))
        {
            foreach (var x in Steps(mask.Width, width))
            {
                var box = new PixelBox(x, y, width, height);
                var count = Count(sums, mask.Width + 1, box);
                if (count == 0)
                    continue;
                var half = 2 * count <= (long)width * height;
                if (bestCount == 0 || (half && !bestHalf) || (half == bestHalf && (half ? count > bestCount : count < bestCount)))
                    (best, bestHalf, bestCount) = (box, half, count);
            }
        }
        return best;
    }

    // Half a window apart, and the last one at the very end.
    private static IEnumerable<int> Steps(int length, int side)
    {
        var step = Math.Max(side / 2, 1);
        for (var at = 0; at < length - side; at += step)
            yield return at;
        yield return length - side;
    }

    // How many marks lie above and to the left of each corner.
    private static long[] Sums(ImageMask mask)
    {
        var stride = mask.Width + 1;
        var sums = new long[stride * (mask.Height + 1)];
        for (var y = 0; y < mask.Height; y++)
        {
            long row = 0;
            var marks = mask.Row(y);
            for (var x = 0; x < mask.Width; x++)
            {
                row += marks[x] ? 1 : 0;
                sums[((y + 1) * stride) + x + 1] = sums[(y * stride) + x + 1] + row;
            }
        }
        return sums;
    }

    private static long Count(long[] sums, int stride, PixelBox box) =>
        sums[(box.Bottom * stride) + box.Right] - sums[(box.Y * stride) + box.Right] - sums[(box.Bottom * stride) + box.X] + sums[(box.Y * stride) + box.X];
}
