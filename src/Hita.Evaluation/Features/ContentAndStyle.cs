namespace Hita.Evaluation.Features;

/// <summary>
/// An image as a network's maps describe it. Distances are between images of one network; only their ratios say something.
/// </summary>
/// <param name="Content">A deep map, the channels of each position brought to unit length: what is where.</param>
/// <param name="Style">Gram matrices of shallow maps: which textures and colours there are, wherever they are.</param>
public sealed record ContentAndStyle(float[] Content, float[] Style)
{
    /// <summary>How far what is where differs: the Euclidean distance of <see cref="Content"/>.</summary>
    /// <param name="other">Another image, by the same network.</param>
    public double ContentDistance(ContentAndStyle other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Distance(Content, other.Content);
    }

    /// <summary>How far textures and colours differ: the Euclidean distance of <see cref="Style"/>.</summary>
    /// <param name="other">Another image, by the same network.</param>
    public double StyleDistance(ContentAndStyle other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Distance(Style, other.Style);
    }

    private static double Distance(float[] a, float[] b)
    {
        if (a.Length != b.Length)
            throw new ArgumentException("The images were described by different networks.", nameof(b));
        var sum = 0.0;
        for (var i = 0; i < a.Length; i++)
            sum += (a[i] - (double)b[i]) * (a[i] - (double)b[i]);
        return Math.Sqrt(sum);
    }
}
