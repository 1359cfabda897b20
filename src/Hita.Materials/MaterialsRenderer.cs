using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Hita.Runtime;
using static Hita.Materials.WideMath;
using Wide = System.Runtime.Intrinsics.Vector256<float>;

namespace Hita.Materials;

/// <summary>Renders scenes of the built-in set. All methods may be called from many threads at once.</summary>
public static class MaterialsRenderer
{
    /// <summary>The smallest image, in pixels a side.</summary>
    public const int MinimumSize = 8;

    /// <summary>The largest image, in pixels a side.</summary>
    public const int MaximumSize = 2048;

    /// <summary>A step between neighbours, in square roots of light, from which on a pixel is sampled with eight rays instead of one.</summary>
    private const float Contrast = 0.035f;

    // Eight places in a pixel, in sixteenths from its middle, no two in one row or column.
    private static readonly Wide SpotsX = Vector256.Create(1f, -1f, 5f, -3f, -5f, -7f, 3f, 7f) * (1f / 16f);
    private static readonly Wide SpotsY = Vector256.Create(-3f, 3f, 1f, -5f, 5f, -1f, 7f, -7f) * (1f / 16f);
    private static readonly Wide Lanes = Vector256.Create(0f, 1f, 2f, 3f, 4f, 5f, 6f, 7f);

    /// <summary>Renders a scene. The bytes depend on the scene and the size alone.</summary>
    /// <param name="scene">What to sample.</param>
    /// <param name="size">Width and height in pixels, <see cref="MinimumSize"/> to <see cref="MaximumSize"/>.</param>
    /// <param name="rgb">Receives size × size × 3 bytes: rows from the top, red, green, blue, in sRGB.</param>
    /// <exception cref="ConfigException">A property of the scene, or the size, is out of its range.</exception>
    /// <exception cref="ArgumentException">The span is not size × size × 3 long.</exception>
    public static void Render(MaterialsScene scene, int size, Span<byte> rgb)
    {
        ArgumentNullException.ThrowIfNull(scene);
        CheckSize(size, 3, rgb.Length, nameof(rgb));
        RenderInto(new SceneTracer(scene.Validate(), 1f / size), size, rgb);
    }

    /// <summary>Renders the studio of a scene without the object: the ground truth of a removal.</summary>
    /// <param name="scene">What to sample.</param>
    /// <param name="size">Width and height in pixels, <see cref="MinimumSize"/> to <see cref="MaximumSize"/>.</param>
    /// <param name="rgb">Receives size × size × 3 bytes: rows from the top, red, green, blue, in sRGB.</param>
    /// <exception cref="ConfigException">A property of the scene, or the size, is out of its range.</exception>
    /// <exception cref="ArgumentException">The span is not size × size × 3 long.</exception>
    public static void RenderStage(MaterialsScene scene, int size, Span<byte> rgb)
    {
        ArgumentNullException.ThrowIfNull(scene);
        CheckSize(size, 3, rgb.Length, nameof(rgb));
        RenderInto(new SceneTracer(scene.Validate(), 1f / size, isEmpty: true), size, rgb);
    }

    /// <summary>Samples which part of each pixel the object covers: the ground truth of a selection.</summary>
    /// <param name="scene">What to sample.</param>
    /// <param name="size">Width and height in pixels, <see cref="MinimumSize"/> to <see cref="MaximumSize"/>.</param>
    /// <param name="coverage">Receives size × size bytes: rows from the top, 0 (none) to 255 (all of the pixel).</param>
    /// <exception cref="ConfigException">A property of the scene, or the size, is out of its range.</exception>
    /// <exception cref="ArgumentException">The span is not size × size long.</exception>
    public static void RenderCoverage(MaterialsScene scene, int size, Span<byte> coverage)
    {
        ArgumentNullException.ThrowIfNull(scene);
        CheckSize(size, 1, coverage.Length, nameof(coverage));
        var tracer = new SceneTracer(scene.Validate(), 1f / size);
        for (var row = 0; row < size; row++)
        {
            for (var column = 0; column < size; column++)
            {
                var (x, y) = Spots(size, column, row);
                var count = System.Numerics.BitOperations.PopCount(tracer.Covers(x, y).ExtractMostSignificantBits());
                coverage[(row * size) + column] = (byte)((count * 255) / 8);
            }
        }
    }

    private static void RenderInto(SceneTracer tracer, int size, Span<byte> rgb)
    {
        var pixels = size * size;
        var roots = ArrayPool<Root>.Shared.Rent(pixels);
        try
        {
            Sketch(tracer, size, roots);
            for (var row = 0; row < size; row++)
            {
                for (var column = 0; column < size; column++)
                    Finish(tracer, size, roots, column, row, rgb);
            }
        }
        finally
        {
            ArrayPool<Root>.Shared.Return(roots);
        }
    }

    private static void CheckSize(int size, int channels, int length, string name)
    {
        if (size is < MinimumSize or > MaximumSize)
            throw new ConfigException("The image", [$"size is {size}, {MinimumSize} to {MaximumSize} pixels are possible"]);
        if (length != size * size * channels)
            throw new ArgumentException($"An image of {size} pixels a side needs {size * size * channels} bytes, {length} are given.", name);
    }

    // One ray through the middle of every pixel.
    private static void Sketch(SceneTracer tracer, int size, Root[] roots)
    {
        for (var row = 0; row < size; row++)
        {
            var y = Of(1f - (((2 * row) + 1f) / size));
            for (var column = 0; column < size; column += 8)
            {
                var x = ((Lanes + column) * (2f / size)) + ((1f / size) - 1f);
                var light = Expose(tracer.See(x, y, out var met));
                var (r, g, b) = (Vector256.Sqrt(light.X), Vector256.Sqrt(light.Y), Vector256.Sqrt(light.Z));
                var shown = met.ExtractMostSignificantBits();
                for (var lane = 0; lane < Math.Min(8, size - column); lane++)
                    roots[(row * size) + column + lane] = new(r[lane], g[lane], b[lane], (shown >> lane) & 1);
            }
        }
    }

    // Where neighbours differ, eight rays decide instead of one.
    private static void Finish(SceneTracer tracer, int size, Root[] roots, int column, int row, Span<byte> rgb)
    {
        ref readonly var here = ref roots[(row * size) + column];
        var (red, green, blue) = (here.Red * here.Red, here.Green * here.Green, here.Blue * here.Blue);
        if (IsDetailed(roots, size, column, row))
        {
            var (x, y) = Spots(size, column, row);
            var light = Expose(tracer.See(x, y, out _));
            red = Total(light.X) * 0.125f;
            green = Total(light.Y) * 0.125f;
            blue = Total(light.Z) * 0.125f;
        }
        var pixel = rgb.Slice(((row * size) + column) * 3, 3);
        pixel[0] = ExactMath.ToByte(red);
        pixel[1] = ExactMath.ToByte(green);
        pixel[2] = ExactMath.ToByte(blue);
    }

    private static bool IsDetailed(Root[] roots, int size, int column, int row)
    {
        ref readonly var here = ref roots[(row * size) + column];
        for (var y = Math.Max(row - 1, 0); y <= Math.Min(row + 1, size - 1); y++)
        {
            for (var x = Math.Max(column - 1, 0); x <= Math.Min(column + 1, size - 1); x++)
            {
                ref readonly var there = ref roots[(y * size) + x];
                if (here.Met != there.Met
                    || MathF.Abs(here.Red - there.Red) > Contrast
                    || MathF.Abs(here.Green - there.Green) > Contrast
                    || MathF.Abs(here.Blue - there.Blue) > Contrast)
                    return true;
            }
        }
        return false;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Wide X, Wide Y) Spots(int size, int column, int row) => (
        ((SpotsX + (column + 0.5f)) * (2f / size)) - 1f,
        1f - ((SpotsY + (row + 0.5f)) * (2f / size)));

    // A film-like curve that keeps bright lamps from burning out; fitted by K. Narkowicz to the ACES tone scale.
    private static Wide3 Expose(in Wide3 light)
    {
        static Wide Curve(Wide x)
        {
            x = Max(x * 0.50f, 0f);
            return Unit((x * ((x * 2.51f) + 0.03f)) / ((x * ((x * 2.43f) + 0.59f)) + 0.14f));
        }
        return new Wide3(Curve(light.X), Curve(light.Y), Curve(light.Z));
    }

    // A pixel sampled with one ray: the square roots of its light, near to what the eye sees, and whether it shows the object.
    private readonly record struct Root(float Red, float Green, float Blue, uint Met);
}
