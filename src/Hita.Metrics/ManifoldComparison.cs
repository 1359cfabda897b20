using Hita.Runtime;
using static TorchSharp.torch;

namespace Hita.Metrics;

// N M vectors of a block, D features, k neighbours.

/// <summary>One computation of precision and recall, block by block.</summary>
internal sealed class ManifoldComparison(
    FeatureBank reference, FeatureBank samples, PrecisionRecallOptions options, Device device, bool half,
    IProgress<double>? progress, CancellationToken cancellation)
{
    private readonly int _neighbours = options.Neighbours;
    private readonly int _side = (int)Math.Min(options.BlockSize, Math.Max(reference.Count, samples.Count));
    private double _done;

    /// <summary>The result, or null where a distance is not finite.</summary>
    public PrecisionRecallResult? Run()
    {
        using var outer = NewDisposeScope();
        using var frozen = no_grad();
        if (Radii(reference) is not { } referenceRadii || Radii(samples) is not { } sampleRadii)
            return null;
        var (realCount, coveredCount) = (0L, 0L);
        var covered = Blocks(reference).Select(b => zeros(b.Count, dtype: ScalarType.Bool, device: device)).ToArray();
        foreach (var sample in Blocks(samples))
        {
            using var scope = NewDisposeScope();
            var columns = Load(samples, sample);
            var real = zeros(sample.Count, dtype: ScalarType.Bool, device: device);
            foreach (var block in Blocks(reference))
            {
                using var inner = NewDisposeScope();
                if (Distances(Load(reference, block), columns) is not { } distances) // [N, M]
                    return null;
                InPlaceOr(real, distances.le(referenceRadii[block.Index].unsqueeze(1)).any(0)); // [M]
                InPlaceOr(covered[block.Index], distances.le(sampleRadii[sample.Index].unsqueeze(0)).any(1)); // [N]
                Advance(2 * block.Count * (double)sample.Count);
            }
            realCount += (long)real.to(ScalarType.Int64).sum().ToDouble();
        }
        foreach (var part in covered)
            coveredCount += (long)part.to(ScalarType.Int64).sum().ToDouble();
        return new PrecisionRecallResult(
            realCount / (double)samples.Count, coveredCount / (double)reference.Count, half ? DistancePrecision.Published : DistancePrecision.Float32);
    }

    /// <summary>The squared distance of each vector to its k-th nearest neighbour in its own set, one tensor a block.</summary>
    private Tensor[]? Radii(FeatureBank bank)
    {
        var blocks = Blocks(bank).ToArray();
        var nearest = new Tensor[blocks.Length]; // [N, k], the smallest so far
        foreach (var rows in blocks)
        {
            using var scope = NewDisposeScope();
            var here = Load(bank, rows);
            // Distances are mutual: each pair of blocks is computed once, for both.
            foreach (var columns in blocks[rows.Index..])
            {
                using var inner = NewDisposeScope();
                if (Distances(here, columns.Index == rows.Index ? here : Load(bank, columns)) is not { } distances)
                    return null;
                if (columns.Index == rows.Index)
                {
                    var self = eye(rows.Count, rows.Count, ScalarType.Bool, device);
                    Keep(nearest, rows.Index, distances.masked_fill(self, TensorOps.Constant(double.PositiveInfinity)));
                }
                else
                {
                    Keep(nearest, rows.Index, distances);
                    Keep(nearest, columns.Index, distances.t());
                }
                Advance((columns.Index == rows.Index ? 1 : 2) * (double)rows.Count * columns.Count);
            }
        }
        return [.. nearest.Select(n => n.narrow(1, _neighbours - 1, 1).squeeze(1))];
    }

    private void Keep(Tensor[] nearest, int index, Tensor distances)
    {
        var candidates = nearest[index] is { } known ? cat([known, distances], 1) : distances;
        // A block may have fewer columns than there are neighbours; what is missing is still to come from later blocks.
        if (candidates.size(1) < _neighbours)
        {
            var missing = full([candidates.size(0), _neighbours - candidates.size(1)], TensorOps.Constant(double.PositiveInfinity), dtype: ScalarType.Float32, device: device);
            candidates = cat([candidates, missing], 1);
        }
        var (values, _) = candidates.topk(_neighbours, 1, largest: false, sorted: true);
        nearest[index]?.Dispose();
        // Out of both scopes of the loop, into that of the whole computation.
        nearest[index] = values.MoveToOuterDisposeScope().MoveToOuterDisposeScope();
    }

    /// <summary>Squared distances [N, M] between vectors [N, D] and [M, D]; null where one is not finite.</summary>
    private Tensor? Distances(Vectors a, Vectors b)
    {
        var products = nn.functional.linear(a.Values, b.Values);
        Tensor distances;
        if (half)
        {
            var minusTwice = products.to(ScalarType.Float16).Times(-2);
            distances = a.Norms.unsqueeze(1).Plus(minusTwice).Plus(b.Norms.unsqueeze(0)).to(ScalarType.Float32);
        }
        else
        {
            distances = a.Norms.unsqueeze(1).PlusScaled(products, -2).Plus(b.Norms.unsqueeze(0));
        }
        // A maximum that is not finite shows one anywhere: what is not a number wins every comparison here.
        return double.IsFinite(distances.amax([0, 1]).ToDouble()) && double.IsFinite(distances.amin([0, 1]).ToDouble())
            ? distances.clamp_min(TensorOps.Constant(0.0))
            : null;
    }

    private Vectors Load(FeatureBank bank, Block block)
    {
        var values = new float[block.Count * bank.Width];
        bank.CopyTo(block.First, values);
        var tensor = TensorOps.FromFloats(values, block.Count, bank.Width).to(device);
        if (!half)
            return new Vectors(tensor, tensor.Times(tensor).sum(1));
        var rounded = tensor.to(ScalarType.Float16);
        return new Vectors(
            rounded.to(ScalarType.Float32), rounded.Times(rounded).to(ScalarType.Float32).sum(1).to(ScalarType.Float16));
    }

    private IEnumerable<Block> Blocks(FeatureBank bank)
    {
        for (var first = 0L; first < bank.Count; first += _side)
            yield return new Block((int)(first / _side), first, (int)Math.Min(_side, bank.Count - first));
    }

    private static void InPlaceOr(Tensor target, Tensor other) => target.logical_or_(other);

    private void Advance(double work)
    {
        cancellation.ThrowIfCancellationRequested();
        _done += work;
        var (r, s) = ((double)reference.Count, (double)samples.Count);
        progress?.Report(_done / ((r * r) + (s * s) + (2 * r * s)));
    }

    private sealed record Block(int Index, long First, int Count);

    private sealed record Vectors(Tensor Values, Tensor Norms);
}
