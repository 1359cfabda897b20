using Hita.Layers;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Hita.Metrics.Networks;

// B batch, C channels, H W height and width of the feature map. Each block joins its branches along C.

/// <summary>Pooling as this network does it.</summary>
internal static class Pool
{
    /// <summary>The mean of 3×3 pixels; those beyond the edge do not count.</summary>
    public static Tensor Average(Tensor x) =>
        nn.functional.avg_pool2d(x, 3L, 1L, 1L, ceil_mode: false, count_include_pad: false);

    /// <summary>The largest of 3×3 pixels at the same resolution.</summary>
    public static Tensor Largest(Tensor x) => nn.functional.max_pool2d(x, 3L, 1L, 1L);

    /// <summary>The largest of 3×3 pixels at half the resolution.</summary>
    public static Tensor Halve(Tensor x) => nn.functional.max_pool2d(x, 3L, 2L);
}

/// <summary>Branches of 1×1, 5×5 and twice 3×3, and a mean.</summary>
internal sealed class InceptionA : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "branch1x1")] private readonly InceptionConv _one;
    [ComponentName(Name = "branch5x5_1")] private readonly InceptionConv _five1;
    [ComponentName(Name = "branch5x5_2")] private readonly InceptionConv _five2;
    [ComponentName(Name = "branch3x3dbl_1")] private readonly InceptionConv _three1;
    [ComponentName(Name = "branch3x3dbl_2")] private readonly InceptionConv _three2;
    [ComponentName(Name = "branch3x3dbl_3")] private readonly InceptionConv _three3;
    [ComponentName(Name = "branch_pool")] private readonly InceptionConv _pool;

    public InceptionA(long input, long pooled, Placement placement)
        : base(nameof(InceptionA))
    {
        _one = new InceptionConv(input, 64, Kernel.One, placement);
        _five1 = new InceptionConv(input, 48, Kernel.One, placement);
        _five2 = new InceptionConv(48, 64, Kernel.Same(5), placement);
        _three1 = new InceptionConv(input, 64, Kernel.One, placement);
        _three2 = new InceptionConv(64, 96, Kernel.Same(3), placement);
        _three3 = new InceptionConv(96, 96, Kernel.Same(3), placement);
        _pool = new InceptionConv(input, pooled, Kernel.One, placement);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var five = _five2.call(_five1.call(x));
        var three = _three3.call(_three2.call(_three1.call(x)));
        return cat([_one.call(x), five, three, _pool.call(Pool.Average(x))], 1).MoveToOuterDisposeScope(); // [B, 224 + pooled, H, W]
    }
}

/// <summary>Halves the resolution: 3×3, twice 3×3, and the largest.</summary>
internal sealed class InceptionB : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "branch3x3")] private readonly InceptionConv _three;
    [ComponentName(Name = "branch3x3dbl_1")] private readonly InceptionConv _double1;
    [ComponentName(Name = "branch3x3dbl_2")] private readonly InceptionConv _double2;
    [ComponentName(Name = "branch3x3dbl_3")] private readonly InceptionConv _double3;

    public InceptionB(long input, Placement placement)
        : base(nameof(InceptionB))
    {
        _three = new InceptionConv(input, 384, Kernel.Valid(2), placement);
        _double1 = new InceptionConv(input, 64, Kernel.One, placement);
        _double2 = new InceptionConv(64, 96, Kernel.Same(3), placement);
        _double3 = new InceptionConv(96, 96, Kernel.Valid(2), placement);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        return cat([_three.call(x), _double3.call(_double2.call(_double1.call(x))), Pool.Halve(x)], 1).MoveToOuterDisposeScope(); // [B, C + 480, H/2, W/2]
    }
}

/// <summary>Branches of 1×1, 7×7 and twice 7×7, the latter in rows and columns, and a mean; gives the 1×1 branch as well.</summary>
internal sealed class InceptionC : nn.Module<Tensor, (Tensor Joined, Tensor One)>
{
    [ComponentName(Name = "branch1x1")] private readonly InceptionConv _one;
    [ComponentName(Name = "branch7x7_1")] private readonly InceptionConv _seven1;
    [ComponentName(Name = "branch7x7_2")] private readonly InceptionConv _seven2;
    [ComponentName(Name = "branch7x7_3")] private readonly InceptionConv _seven3;
    [ComponentName(Name = "branch7x7dbl_1")] private readonly InceptionConv _double1;
    [ComponentName(Name = "branch7x7dbl_2")] private readonly InceptionConv _double2;
    [ComponentName(Name = "branch7x7dbl_3")] private readonly InceptionConv _double3;
    [ComponentName(Name = "branch7x7dbl_4")] private readonly InceptionConv _double4;
    [ComponentName(Name = "branch7x7dbl_5")] private readonly InceptionConv _double5;
    [ComponentName(Name = "branch_pool")] private readonly InceptionConv _pool;

    public InceptionC(long inner, Placement placement)
        : base(nameof(InceptionC))
    {
        _one = new InceptionConv(768, 192, Kernel.One, placement);
        _seven1 = new InceptionConv(768, inner, Kernel.One, placement);
        _seven2 = new InceptionConv(inner, inner, Kernel.Wide(7), placement);
        _seven3 = new InceptionConv(inner, 192, Kernel.Tall(7), placement);
        _double1 = new InceptionConv(768, inner, Kernel.One, placement);
        _double2 = new InceptionConv(inner, inner, Kernel.Tall(7), placement);
        _double3 = new InceptionConv(inner, inner, Kernel.Wide(7), placement);
        _double4 = new InceptionConv(inner, inner, Kernel.Tall(7), placement);
        _double5 = new InceptionConv(inner, 192, Kernel.Wide(7), placement);
        _pool = new InceptionConv(768, 192, Kernel.One, placement);
        RegisterComponents();
    }

    public override (Tensor Joined, Tensor One) forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var one = _one.call(x); // [B, 192, H, W]
        var seven = _seven3.call(_seven2.call(_seven1.call(x)));
        var twice = _double5.call(_double4.call(_double3.call(_double2.call(_double1.call(x)))));
        var joined = cat([one, seven, twice, _pool.call(Pool.Average(x))], 1); // [B, 768, H, W]
        return (joined.MoveToOuterDisposeScope(), one.MoveToOuterDisposeScope());
    }
}

/// <summary>Halves the resolution: 3×3, 7×7 then 3×3, and the largest.</summary>
internal sealed class InceptionD : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "branch3x3_1")] private readonly InceptionConv _three1;
    [ComponentName(Name = "branch3x3_2")] private readonly InceptionConv _three2;
    [ComponentName(Name = "branch7x7x3_1")] private readonly InceptionConv _seven1;
    [ComponentName(Name = "branch7x7x3_2")] private readonly InceptionConv _seven2;
    [ComponentName(Name = "branch7x7x3_3")] private readonly InceptionConv _seven3;
    [ComponentName(Name = "branch7x7x3_4")] private readonly InceptionConv _seven4;

    public InceptionD(Placement placement)
        : base(nameof(InceptionD))
    {
        _three1 = new InceptionConv(768, 192, Kernel.One, placement);
        _three2 = new InceptionConv(192, 320, Kernel.Valid(2), placement);
        _seven1 = new InceptionConv(768, 192, Kernel.One, placement);
        _seven2 = new InceptionConv(192, 192, Kernel.Wide(7), placement);
        _seven3 = new InceptionConv(192, 192, Kernel.Tall(7), placement);
        _seven4 = new InceptionConv(192, 192, Kernel.Valid(2), placement);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var three = _three2.call(_three1.call(x));
        var seven = _seven4.call(_seven3.call(_seven2.call(_seven1.call(x))));
        return cat([three, seven, Pool.Halve(x)], 1).MoveToOuterDisposeScope(); // [B, 1280, H/2, W/2]
    }
}

/// <summary>Branches of 1×1, 3×3 and twice 3×3, the last of each split into a row and a column, and a mean or the largest.</summary>
internal sealed class InceptionE : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "branch1x1")] private readonly InceptionConv _one;
    [ComponentName(Name = "branch3x3_1")] private readonly InceptionConv _three1;
    [ComponentName(Name = "branch3x3_2a")] private readonly InceptionConv _threeWide;
    [ComponentName(Name = "branch3x3_2b")] private readonly InceptionConv _threeTall;
    [ComponentName(Name = "branch3x3dbl_1")] private readonly InceptionConv _double1;
    [ComponentName(Name = "branch3x3dbl_2")] private readonly InceptionConv _double2;
    [ComponentName(Name = "branch3x3dbl_3a")] private readonly InceptionConv _doubleWide;
    [ComponentName(Name = "branch3x3dbl_3b")] private readonly InceptionConv _doubleTall;
    [ComponentName(Name = "branch_pool")] private readonly InceptionConv _pool;
    private readonly bool _poolsLargest;

    /// <param name="input">C.</param>
    /// <param name="poolsLargest">
    /// Whether the pooled branch takes the largest value: the last block of the 2015 graph does, where every other takes the mean.
    /// </param>
    /// <param name="placement">Where the parameters live.</param>
    public InceptionE(long input, bool poolsLargest, Placement placement)
        : base(nameof(InceptionE))
    {
        _poolsLargest = poolsLargest;
        _one = new InceptionConv(input, 320, Kernel.One, placement);
        _three1 = new InceptionConv(input, 384, Kernel.One, placement);
        _threeWide = new InceptionConv(384, 384, Kernel.Wide(3), placement);
        _threeTall = new InceptionConv(384, 384, Kernel.Tall(3), placement);
        _double1 = new InceptionConv(input, 448, Kernel.One, placement);
        _double2 = new InceptionConv(448, 384, Kernel.Same(3), placement);
        _doubleWide = new InceptionConv(384, 384, Kernel.Wide(3), placement);
        _doubleTall = new InceptionConv(384, 384, Kernel.Tall(3), placement);
        _pool = new InceptionConv(input, 192, Kernel.One, placement);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var three = _three1.call(x);
        var twice = _double2.call(_double1.call(x));
        var pooled = _pool.call(_poolsLargest ? Pool.Largest(x) : Pool.Average(x));
        return cat([_one.call(x), _threeWide.call(three), _threeTall.call(three), _doubleWide.call(twice), _doubleTall.call(twice), pooled], 1)
            .MoveToOuterDisposeScope(); // [B, 2048, H, W]
    }
}
