using System.Globalization;
using Hita.Runtime;

namespace Hita.Materials;

/// <summary>
/// The built-in set "materials": an endless list of images of simple shapes in different materials, made on the spot.
/// Scene n is a pure function of the seed and n.
/// </summary>
/// <remarks>
/// Every block of <see cref="ClassCount"/> scenes holds each class once, in an order of its own, so that any stretch of the
/// list is balanced. Sets of different seeds share nothing; hold out a range of indices or another seed for validation.
/// </remarks>
/// <param name="seed">Any number; another number is another list.</param>
public sealed class MaterialsSet(ulong seed = 0)
{
    private static readonly int ShapeCount = Enum.GetValues<SceneShape>().Length;
    private static readonly string[] Names =
    [
        .. from material in Enum.GetNames<SceneMaterial>()
           from shape in Enum.GetNames<SceneShape>()
           select $"{material} {shape}".ToLower(CultureInfo.InvariantCulture),
    ];

    /// <summary>The names of the classes in order, such as "marble torus": every material in every shape, sorted.</summary>
    public static IReadOnlyList<string> ClassNames => Names;

    /// <summary>Number of classes.</summary>
    public static int ClassCount => Names.Length;

    /// <summary>The seed of this list.</summary>
    public ulong Seed { get; } = seed;

    /// <summary>The class of a material in a shape: its place in <see cref="ClassNames"/>.</summary>
    /// <param name="material">The material.</param>
    /// <param name="shape">The shape.</param>
    public static int ClassOf(SceneMaterial material, SceneShape shape) => ((int)material * ShapeCount) + (int)shape;

    /// <summary>The class of scene <paramref name="index"/>, without making the scene.</summary>
    /// <param name="index">0 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">The index is negative.</exception>
    public int ClassAt(long index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        var (block, place) = Math.DivRem(index, ClassCount);
        Span<int> order = stackalloc int[ClassCount];
        var random = new CounterRandom(Seed, (ulong)block, 0);
        for (var i = 0; i < order.Length; i++)
        {
            var other = random.Below(i + 1);
            order[i] = order[other];
            order[other] = i;
        }
        return order[(int)place];
    }

    /// <summary>Scene <paramref name="index"/> of the list.</summary>
    /// <param name="index">0 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">The index is negative.</exception>
    public MaterialsScene Scene(long index) => Scene(index, ClassAt(index));

    /// <summary>A scene of a chosen class, with the chance decisions of scene <paramref name="index"/>.</summary>
    /// <param name="index">0 or more.</param>
    /// <param name="classIndex">0 to <see cref="ClassCount"/> − 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The index is negative or there is no such class.</exception>
    public MaterialsScene Scene(long index, int classIndex)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfNegative(classIndex);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(classIndex, ClassCount);
        var random = new CounterRandom(Seed, (ulong)index, 1);
        return SceneSampler.Sample((SceneMaterial)(classIndex / ShapeCount), (SceneShape)(classIndex % ShapeCount), ref random);
    }
}
