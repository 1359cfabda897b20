using System.Globalization;
using Hita.Layers;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Hita.Metrics.Networks;

/// <summary>The convolutions of VGG16 in the five slices after which LPIPS reads features.</summary>
internal sealed class VggFeatures : nn.Module
{
    [ComponentName(Name = "slice1")] private readonly VggSlice _slice1;
    [ComponentName(Name = "slice2")] private readonly VggSlice _slice2;
    [ComponentName(Name = "slice3")] private readonly VggSlice _slice3;
    [ComponentName(Name = "slice4")] private readonly VggSlice _slice4;
    [ComponentName(Name = "slice5")] private readonly VggSlice _slice5;

    public VggFeatures(Placement placement)
        : base(nameof(VggFeatures))
    {
        _slice1 = new VggSlice(3, 64, [0, 2], pools: false, placement);
        _slice2 = new VggSlice(64, 128, [5, 7], pools: true, placement);
        _slice3 = new VggSlice(128, 256, [10, 12, 14], pools: true, placement);
        _slice4 = new VggSlice(256, 512, [17, 19, 21], pools: true, placement);
        _slice5 = new VggSlice(512, 512, [24, 26, 28], pools: true, placement);
        RegisterComponents();
    }

    /// <summary>The name here of a tensor of torchvision's VGG16 file; null for the classifier's, which are not needed.</summary>
    public static string? NameOf(string torchvision)
    {
        var parts = torchvision.Split('.');
        if (parts is not ["features", var number, var last] || !int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var layer))
            return torchvision.StartsWith("classifier.", StringComparison.Ordinal) ? null : torchvision;
        var slice = layer switch { < 4 => 1, < 9 => 2, < 16 => 3, < 23 => 4, _ => 5 };
        return $"net.slice{slice}.{layer}.{last}";
    }

    /// <summary>The features after each slice for images [B, 3, H, W], in the caller's dispose scope.</summary>
    public List<Tensor> Run(Tensor images)
    {
        var features = new List<Tensor>();
        var x = images.ToChannelsLast();
        foreach (var slice in (VggSlice[])[_slice1, _slice2, _slice3, _slice4, _slice5])
            features.Add(x = slice.call(x));
        return features;
    }
}

/// <summary>Convolutions of one resolution, each followed by a ReLU, after a pooling that halves the sides.</summary>
internal sealed class VggSlice : nn.Module<Tensor, Tensor>
{
    private readonly Conv2d[] _convolutions;
    private readonly bool _pools;

    /// <param name="input">Channels before.</param>
    /// <param name="output">Channels after.</param>
    /// <param name="numbers">The convolutions' numbers in VGG16, which are their names.</param>
    /// <param name="pools">Whether a pooling comes first.</param>
    /// <param name="placement">Where the weights live.</param>
    public VggSlice(long input, long output, int[] numbers, bool pools, Placement placement)
        : base(nameof(VggSlice))
    {
        _pools = pools;
        _convolutions = [.. numbers.Select((_, i) => new Conv2d(i == 0 ? input : output, output, 3, placement, padding: 1))];
        for (var i = 0; i < numbers.Length; i++)
            register_module(numbers[i].ToString(CultureInfo.InvariantCulture), _convolutions[i]);
    }

    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        if (_pools)
            x = nn.functional.max_pool2d(x, [2, 2]);
        foreach (var convolution in _convolutions)
            x = convolution.call(x).relu_();
        return x.MoveToOuterDisposeScope();
    }
}
