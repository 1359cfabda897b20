using Hita.Runtime;
using static TorchSharp.torch;

namespace Hita.Training;

// B batch, S images that are seen twice, H W image.

/// <summary>What the encoder sees of B images, S of them twice.</summary>
/// <param name="Images">
/// [B + S, 3, H, W]. The first B are for the patch tokens, the first S of them in wrong colours. The last S are these S images in
/// their own colours, moved, for their holistic tokens.
/// </param>
/// <param name="Count">S.</param>
internal sealed record StyleViews(Tensor Images, long Count)
{
    /// <summary>Of features [B + S, …] of the views, those that the patch tokens come from: [B, …].</summary>
    public Tensor OfPatches(Tensor features) => features.narrow(0, 0, Images.size(0) - Count);

    /// <summary>Of features [B + S, …] of the views, those that the holistic tokens come from: [B, …].</summary>
    public Tensor OfHolistic(Tensor features)
    {
        using var scope = NewDisposeScope();
        var batch = Images.size(0) - Count;
        var seen = new List<Tensor>();
        if (Count > 0)
            seen.Add(features.narrow(0, batch, Count));
        if (Count < batch)
            seen.Add(features.narrow(0, Count, batch - Count));
        return cat(seen, 0).MoveToOuterDisposeScope();
    }
}

/// <summary>Makes the two views of <see cref="StyleSeparationOptions"/>.</summary>
internal sealed class StyleSeparation(StyleSeparationOptions options)
{
    /// <summary>What the encoder sees for images [B, 3, H, W] in [-1, 1].</summary>
    /// <remarks>The first ones are seen twice, the order of data being random anyway.</remarks>
    public StyleViews Views(Tensor images, StepRandom random)
    {
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        var batch = images.size(0);
        var count = CountOf(batch, random);
        var twice = count == 0 ? null : images.narrow(0, 0, count);
        var views = new List<Tensor>();
        if (twice is not null)
            views.Add(Recolour(twice, random));
        if (count < batch)
            views.Add(images.narrow(0, count, batch - count));
        if (twice is not null)
            views.Add(Move(twice, random));
        return new StyleViews(cat(views, 0).MoveToOuterDisposeScope(), count);
    }

    // The share of the batch; what is left of an image comes by chance, so that the parts of a divided step keep the share.
    private long CountOf(long batch, StepRandom random)
    {
        var exact = batch * options.Share;
        var whole = Math.Floor(exact);
        return (long)whole + (exact > whole && random.NextDouble() < exact - whole ? 1 : 0);
    }

    // Two linear changes of colour, each for one side of a plane through the colours, so that a thing and its background, as a rule
    // of different colours, do not change alike.
    private Tensor Recolour(Tensor images, StepRandom random)
    {
        var (count, height, width) = (images.size(0), images.size(2), images.size(3));
        var changes = new float[2 * count * 9];
        var offsets = new float[2 * count * 3];
        var planes = new float[count * 3];
        var places = new float[count];
        for (var i = 0; i < count; i++)
        {
            for (var side = 0; side < 2; side++)
            {
                var at = (2 * i) + side;
                WriteChange(changes.AsSpan(9 * at, 9), random);
                WriteOffset(offsets.AsSpan(3 * at, 3), random);
            }
            for (var c = 0; c < 3; c++)
                planes[(3 * i) + c] = (float)(4 * Between(-1, 1, random));
            places[i] = (float)Between(-1.5, 1.5, random);
        }
        var device = images.device;
        var flat = images.reshape(count, 3, height * width);
        var both = TensorOps.FromFloats(changes, count, 6, 3).to(device).BatchedProduct(flat)
            .Plus(TensorOps.FromFloats(offsets, count, 6, 1).to(device));
        var side0 = TensorOps.FromFloats(planes, count, 1, 3).to(device).BatchedProduct(flat)
            .Plus(TensorOps.FromFloats(places, count, 1, 1).to(device)).sigmoid();
        var (first, second) = (both.narrow(1, 0, 3), both.narrow(1, 3, 3));
        var mixed = second.Plus(side0.Times(first.Minus(second)));
        return mixed.Limit(-1, 1).reshape(count, 3, height, width);
    }

    // Grey by a contrast, colour by a turn about the grey axis and a saturation: a row-major matrix over (r, g, b).
    private void WriteChange(Span<float> matrix, StepRandom random)
    {
        var angle = options.Strength * Between(-Math.PI, Math.PI, random);
        var contrast = 1 + (options.Strength * Between(-0.5, 0.3, random));
        var saturation = 1 + (options.Strength * Between(-0.5, 0.5, random));
        var (cos, sin) = (Math.Cos(angle), Math.Sin(angle) / Math.Sqrt(3));
        for (var row = 0; row < 3; row++)
        {
            for (var column = 0; column < 3; column++)
            {
                var turned = (row == column ? cos : 0) - (cos / 3);
                if (row != column)
                    turned += ((column - row + 3) % 3 == 1 ? -1 : 1) * sin;
                matrix[(3 * row) + column] = (float)((contrast / 3) + (saturation * turned));
            }
        }
    }

    private void WriteOffset(Span<float> offset, StepRandom random)
    {
        var brightness = options.Strength * Between(-0.3, 0.3, random);
        for (var c = 0; c < 3; c++)
            offset[c] = (float)(brightness + (options.Strength * Between(-0.3, 0.3, random)));
    }

    // A part of each image in full size, mirrored or not.
    private Tensor Move(Tensor images, StepRandom random)
    {
        var count = images.size(0);
        var places = new float[count * 6];
        for (var i = 0; i < count; i++)
        {
            var scale = Between(options.SmallestView, 1, random);
            var mirrored = options.Mirror && random.NextDouble() < 0.5;
            var place = places.AsSpan(6 * i, 6);
            place[0] = (float)(mirrored ? -scale : scale);
            place[2] = (float)Between(scale - 1, 1 - scale, random);
            place[4] = (float)scale;
            place[5] = (float)Between(scale - 1, 1 - scale, random);
        }
        var grid = nn.functional.affine_grid(TensorOps.FromFloats(places, count, 2, 3).to(images.device), images.shape, align_corners: false);
        return nn.functional.grid_sample(images, grid, GridSampleMode.Bilinear, GridSamplePaddingMode.Reflection, align_corners: false);
    }

    private static double Between(double low, double high, StepRandom random) => low + ((high - low) * random.NextDouble());
}
