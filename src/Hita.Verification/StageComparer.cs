using Hita.Checkpoints;
using Hita.Runtime;
using static TorchSharp.torch;

namespace Hita.Verification;

/// <summary>Compares computed stages with those of a vector file and collects the results.</summary>
/// <remarks>
/// Tolerances: another float32 kernel sums in another order. Features and logits agree within 1e-4 relative, reconstructions and
/// gradient norms, which pass through many more layers, within 1e-3. A code differs where two entries are equally near; half a
/// per cent may.
/// </remarks>
internal sealed class StageComparer(ITensorSource vectors, Action<VerificationStage>? report)
{
    /// <summary>Relative error allowed for features, logits and losses.</summary>
    public const double FeatureTolerance = 1e-4;

    /// <summary>Relative error allowed for reconstructions and gradient norms.</summary>
    public const double ReconstructionTolerance = 1e-3;

    /// <summary>Share of codes that may differ in encoding.</summary>
    public const double CodeTolerance = 0.005;

    private readonly List<VerificationStage> _stages = [];

    /// <summary>All comparisons so far.</summary>
    public IReadOnlyList<VerificationStage> Stages => _stages;

    /// <summary>Whether the file holds a stage, whole or as head, rms and shape.</summary>
    public bool Has(string name) => vectors.Tensors.ContainsKey(name) || vectors.Tensors.ContainsKey(name + ".head");

    /// <summary>Compares a tensor with a stage that is stored whole, or as its first values, root mean square and shape.</summary>
    public void Compare(string name, Tensor actual, double tolerance = FeatureTolerance)
    {
        if (!Has(name))
            return;
        var values = actual.ToFloats();
        if (vectors.Tensors.TryGetValue(name, out var entry))
        {
            CheckShape(name, actual.shape, entry.Shape);
            Add(name, entry.ShapeText, RelativeError(values, vectors.Floats(name)), tolerance);
            return;
        }
        var shape = vectors.ReadInts(name + ".shape");
        CheckShape(name, actual.shape, [.. shape.Select(static side => (long)side)]);
        var head = vectors.Floats(name + ".head");
        vectors.Require(name + ".rms", count: 1);
        if (head.Length > values.Length)
            throw new CheckpointException(vectors.Path, $"{name}.head holds {head.Length} values of a stage that has {values.Length}.");
        var rms = Math.Sqrt(values.Sum(static v => (double)v * v) / values.Length);
        var error = Math.Max(
            RelativeError(values.AsSpan(0, head.Length), head), RelativeError([(float)rms], vectors.Floats(name + ".rms")));
        Add(name, $"[{string.Join(", ", shape)}]", error, tolerance);
    }

    /// <summary>Compares plain values with a stage that is stored whole.</summary>
    public void Compare(string name, ReadOnlySpan<float> actual, double tolerance = FeatureTolerance)
    {
        if (!vectors.Tensors.TryGetValue(name, out var entry))
            return;
        if (entry.Count != actual.Length)
            throw new CheckpointException(vectors.Path, $"{name} holds {entry.Count} values where the model gives {actual.Length}; is this the right preset?");
        Add(name, entry.ShapeText, RelativeError(actual, vectors.Floats(name)), tolerance);
    }

    /// <summary>Compares codes.</summary>
    public void CompareCodes(string name, ReadOnlySpan<int> actual, double tolerance)
    {
        if (!vectors.Tensors.TryGetValue(name, out var entry))
            return;
        var expected = vectors.ReadInts(name);
        if (expected.Length != actual.Length)
            throw new CheckpointException(vectors.Path, $"{name} holds {expected.Length} codes where the model gives {actual.Length}; is this the right preset?");
        var differing = 0;
        for (var i = 0; i < expected.Length; i++)
            differing += expected[i] == actual[i] ? 0 : 1;
        Add(name, entry.ShapeText, (double)differing / expected.Length, tolerance, "codes");
    }

    /// <summary>Adds a comparison that was made elsewhere.</summary>
    public void Add(string name, string shape, double error, double tolerance, string measure = "relative") =>
        Add(new VerificationStage(name, shape, measure, error, tolerance));

    /// <inheritdoc cref="Add(string, string, double, double, string)"/>
    public void Add(VerificationStage stage)
    {
        _stages.Add(stage);
        report?.Invoke(stage);
    }

    /// <summary>‖a − b‖ / ‖b‖ in float64.</summary>
    public static double RelativeError(ReadOnlySpan<float> actual, ReadOnlySpan<float> expected)
    {
        double difference = 0, size = 0;
        for (var i = 0; i < expected.Length; i++)
        {
            difference += Math.Pow((double)actual[i] - expected[i], 2);
            size += (double)expected[i] * expected[i];
        }
        return size == 0 ? Math.Sqrt(difference) : Math.Sqrt(difference / size);
    }

    private void CheckShape(string name, ReadOnlySpan<long> actual, IReadOnlyList<long> expected)
    {
        if (!actual.SequenceEqual([.. expected]))
        {
            throw new CheckpointException(
                vectors.Path,
                $"{name} is [{string.Join(", ", expected)}] where the model gives [{string.Join(", ", actual.ToArray())}]; is this the right preset?");
        }
    }
}

/// <summary>Reading of whole stages.</summary>
internal static class VectorReading
{
    /// <summary>All values of a stage as float32.</summary>
    public static float[] Floats(this ITensorSource vectors, string name)
    {
        var values = new float[Entry(vectors, name).Count];
        vectors.ReadFloats(name, values);
        return values;
    }

    /// <summary>A stage as a float32 tensor.</summary>
    public static Tensor FloatTensor(this ITensorSource vectors, string name) =>
        TensorOps.FromFloats(vectors.Floats(name), [.. Entry(vectors, name).Shape]);

    /// <summary>A stage of codes as an int64 tensor.</summary>
    public static Tensor IntTensor(this ITensorSource vectors, string name) =>
        TensorOps.FromInts(vectors.ReadInts(name), [.. Entry(vectors, name).Shape]);

    /// <summary>Codes as an int64 tensor of a shape, each inside the codebook.</summary>
    /// <exception cref="CheckpointException">Their number or their range is wrong.</exception>
    public static Tensor CodeTensor(this ITensorSource vectors, string name, int codebookSize, params long[] shape)
    {
        Require(vectors, name, count: shape.Aggregate(1L, static (a, b) => a * b));
        return TensorOps.FromInts(vectors.CodesInRange(name, codebookSize), shape);
    }

    /// <summary>Numbers that are looked up in a table of a size.</summary>
    /// <exception cref="CheckpointException">One lies outside.</exception>
    public static int[] CodesInRange(this ITensorSource vectors, string name, int size)
    {
        Require(vectors, name);
        var codes = vectors.ReadInts(name);
        var wrong = Array.FindIndex(codes, c => (uint)c >= (uint)size);
        return wrong < 0
            ? codes
            : throw new CheckpointException(vectors.Path, $"'{name}' holds {codes[wrong]}, which is not between 0 and {size - 1}; is this the right preset?");
    }

    /// <summary>Checks that a stage is there and has a rank or a number of values.</summary>
    /// <exception cref="CheckpointException">It is missing or another.</exception>
    public static void Require(this ITensorSource vectors, string name, int? rank = null, long? count = null)
    {
        var entry = Entry(vectors, name);
        if ((rank is { } r && entry.Shape.Count != r) || (count is { } c && entry.Count != c))
            throw new CheckpointException(vectors.Path, $"'{name}' is {entry.ShapeText}, where {(rank is null ? $"{count} values" : $"{rank} dimensions")} are needed; is this the right preset?");
    }

    private static TensorEntry Entry(ITensorSource vectors, string name) =>
        vectors.Tensors.TryGetValue(name, out var entry)
            ? entry
            : throw new CheckpointException(vectors.Path, $"the vector file has no '{name}', so it cannot be compared.");
}
