using System.Text;

namespace Hita.Checkpoints;

/// <summary>
/// Fills tensors from their own names, so that a full-size model can be compared with other implementations without a file.
/// </summary>
/// <remarks>
/// FNV-1a 64 of the UTF-8 name seeds a SplitMix64 sequence; 24 bits of each output give a number in [-1, 1) that is scaled by
/// the tensor's rank and name. Codebooks are normalised by row afterwards by whoever knows which tensors are codebooks.
/// </remarks>
public static class WeightsByName
{
    private const ulong Step = 0x9E3779B97F4A7C15;

    /// <summary>Fills a tensor.</summary>
    /// <param name="name">The full state-dict name, with any prefix.</param>
    /// <param name="shape">The shape; its product is the length of <paramref name="values"/>.</param>
    /// <param name="values">Receives the values in row-major order.</param>
    /// <exception cref="ArgumentException">The shape does not match the number of values.</exception>
    public static void Fill(string name, ReadOnlySpan<long> shape, Span<float> values)
    {
        if (Count(shape) != values.Length)
            throw new ArgumentException($"{values.Length} values do not fill the shape of {name}.");
        FillPart(name, shape, 0, values);
    }

    /// <summary>Fills a part of a tensor, as <see cref="Fill"/> would.</summary>
    /// <param name="name">The full state-dict name, with any prefix.</param>
    /// <param name="shape">The whole tensor's shape.</param>
    /// <param name="first">The first element of the part, in row-major order.</param>
    /// <param name="values">Receives the part; inside the tensor.</param>
    /// <exception cref="ArgumentException">The part reaches beyond the tensor.</exception>
    public static void FillPart(string name, ReadOnlySpan<long> shape, long first, Span<float> values)
    {
        var count = Count(shape);
        if (first < 0 || first > count - values.Length)
            throw new ArgumentException($"{values.Length} values from {first} on reach beyond {name}.");
        var (offset, scale) = Range(name, shape, count);
        var state = Hash(name) + ((ulong)first * Step);
        for (var i = 0; i < values.Length; i++)
        {
            state += Step;
            var z = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            z ^= z >> 31;
            var s = (2 * ((z >> 40) / 16777216.0)) - 1;
            values[i] = (float)(offset + (scale * s));
        }
    }

    /// <summary>Divides each row by its Euclidean length, as codebooks are after filling.</summary>
    /// <param name="values">Rows of <paramref name="width"/> values; changed in place.</param>
    /// <param name="width">Values a row.</param>
    public static void NormalizeRows(Span<float> values, int width)
    {
        for (var at = 0; at < values.Length; at += width)
        {
            var row = values.Slice(at, width);
            var sum = 0.0;
            foreach (var v in row)
                sum += (double)v * v;
            var length = (float)Math.Max(Math.Sqrt(sum), 1e-12);
            foreach (ref var v in row)
                v /= length;
        }
    }

    private static long Count(ReadOnlySpan<long> shape)
    {
        var count = 1L;
        foreach (var side in shape)
            count *= side;
        return count;
    }

    private static (double Offset, double Scale) Range(string name, ReadOnlySpan<long> shape, long count)
    {
        if (name.EndsWith("running_var", StringComparison.Ordinal))
            return (1, 0.5);
        if (shape.Length == 3 && shape[0] == 1)
            return (0, 0.5);
        if (shape.Length >= 2)
            return (0, Math.Sqrt(3.0 / (count / (double)shape[0])));
        var last = name[(name.LastIndexOf('.') + 1)..];
        return shape.Length == 1 && last is "weight" or "gamma" ? (1, 0.1) : (0, 0.1);
    }

    private static ulong Hash(string name)
    {
        var hash = 0xcbf29ce484222325;
        foreach (var b in Encoding.UTF8.GetBytes(name))
            hash = (hash ^ b) * 0x100000001b3;
        return hash;
    }
}
