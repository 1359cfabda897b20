using Hita.Layers;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Hita.Tokenization.Model;

/// <summary>Features [B, z, h, w] → image [B, 3, h·p, w·p], nominally in [-1, 1] but not clamped.</summary>
internal sealed class CnnDecoder : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "conv_in")] private readonly Layers.Conv2d _convIn;
    [ComponentName(Name = "mid")] private readonly ModuleList<nn.Module<Tensor, Tensor>> _middle;
    [ComponentName(Name = "conv_blocks")] private readonly ModuleList<CnnLevel> _levels;
    [ComponentName(Name = "norm_out")] private readonly Layers.GroupNorm _normOut;
    [ComponentName(Name = "conv_out")] private readonly Layers.Conv2d _convOut;
    private readonly bool _channelsLast;

    public CnnDecoder(TokenizerConfig config, Placement placement)
        : base(nameof(CnnDecoder))
    {
        var factors = config.ChannelMultipliers;
        long channels = config.BaseChannels * factors[^1];
        _convIn = new Layers.Conv2d(config.LatentChannels, channels, 3, placement, padding: 1);
        _middle = CnnMiddle.Create(channels, config.NormGroups, placement);
        _levels = [];
        for (var level = factors.Count - 1; level >= 0; level--)
        {
            long output = config.BaseChannels * factors[level];
            var coarsest = level == factors.Count - 1;
            _levels.Add(new CnnLevel(channels, output, config.ResidualBlocks + 1, config.NormGroups, attention: coarsest, down: false, up: level > 0, placement));
            channels = output;
        }
        _normOut = new Layers.GroupNorm(channels, config.NormGroups, placement);
        _convOut = new Layers.Conv2d(channels, 3, 3, placement, padding: 1);
        _channelsLast = placement.ChannelsLast;
        RegisterComponents();
    }

    public override Tensor forward(Tensor features)
    {
        using var scope = NewDisposeScope();
        var x = _convIn.call(_channelsLast ? features.ToChannelsLast() : features);
        x = CnnMiddle.Run(_middle, x);
        foreach (var level in _levels)
            x = level.call(x);
        return _convOut.call(_normOut.Swish(x)).contiguous().MoveToOuterDisposeScope();
    }
}
