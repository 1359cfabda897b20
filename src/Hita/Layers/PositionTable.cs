using static TorchSharp.torch;

namespace Hita.Layers;

/// <summary>Learned position tables, resized to grids other than the one they were learned for.</summary>
internal static class PositionTable
{
    /// <summary>Resizes a table with a bicubic filter.</summary>
    /// <remarks>
    /// The scale handed to the filter is (size + 0.1) / side, as in the published implementation: it shifts the sampling points
    /// by a little compared with the exact ratio.
    /// </remarks>
    /// <param name="table">[1, side², D].</param>
    /// <param name="height">Rows of the grid wanted.</param>
    /// <param name="width">Columns of the grid wanted.</param>
    /// <returns>[1, height·width, D]; a view of the table itself where the grid is its own.</returns>
    public static Tensor Resize(Tensor table, long height, long width)
    {
        var side = (long)Math.Sqrt(table.size(1));
        if (height == side && width == side)
            return table.alias();
        using var scope = NewDisposeScope();
        var grid = ToGrid(table, side);
        var resized = nn.functional.interpolate(
            grid, scale_factor: [(height + 0.1) / side, (width + 0.1) / side], mode: InterpolationMode.Bicubic, align_corners: false);
        return ToSequence(resized, table.size(2)).MoveToOuterDisposeScope();
    }

    /// <summary>Resizes a table with an antialiased bicubic filter and the exact ratio.</summary>
    /// <inheritdoc cref="Resize"/>
    public static Tensor ResizeAntialiased(Tensor table, long height, long width)
    {
        using var scope = NewDisposeScope();
        var grid = ToGrid(table, (long)Math.Sqrt(table.size(1)));
        var resized = nn.functional.interpolate(
            grid, size: [height, width], mode: InterpolationMode.Bicubic, align_corners: false, antialias: true);
        return ToSequence(resized, table.size(2)).MoveToOuterDisposeScope();
    }

    // The filter exists in float32 on every device.
    private static Tensor ToGrid(Tensor table, long side) =>
        table.to(ScalarType.Float32).view(1, side, side, table.size(2)).permute(0, 3, 1, 2); // [1, D, side, side]

    private static Tensor ToSequence(Tensor grid, long width) => grid.permute(0, 2, 3, 1).reshape(1, -1, width);
}
