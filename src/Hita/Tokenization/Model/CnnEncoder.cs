using Hita.Layers;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Hita.Tokenization.Model;

/// <summary>Image [B, 3, H, W] in [-1, 1] → features [B, z, H/p, W/p], p the patch size.</summary>
internal sealed class CnnEncoder : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "conv_in")] private readonly Layers.Conv2d _convIn;
    [ComponentName(Name = "conv_blocks")] private readonly ModuleList<CnnLevel> _levels;
    [ComponentName(Name = "mid")] private readonly ModuleList<nn.Module<Tensor, Tensor>> _middle;
    [ComponentName(Name = "norm_out")] private readonly Layers.GroupNorm _normOut;
    [ComponentName(Name = "conv_out")] private readonly Layers.Conv2d _convOut;
    private readonly bool _channelsLast;

    public CnnEncoder(TokenizerConfig config, Placement placement)
        : base(nameof(CnnEncoder))
    {
        var factors = config.ChannelMultipliers;
        long channels = config.BaseChannels;
        _convIn = new Layers.Conv2d(3, channels, 3, placement, padding: 1);
        _levels = [];
        for (var level = 0; level < factors.Count; level++)
        {
            long output = config.BaseChannels * factors[level];
            var coarsest = level == factors.Count - 1;
            _levels.Add(new CnnLevel(channels, output, config.ResidualBlocks, config.NormGroups, attention: coarsest, down: !coarsest, up: false, placement));
            channels = output;
        }
        _middle = CnnMiddle.Create(channels, config.NormGroups, placement);
        _normOut = new Layers.GroupNorm(channels, config.NormGroups, placement);
        _convOut = new Layers.Conv2d(channels, config.LatentChannels, 3, placement, padding: 1);
        _channelsLast = placement.ChannelsLast;
        RegisterComponents();
    }

    public override Tensor forward(Tensor image)
    {
        using var scope = NewDisposeScope();
        var x = _convIn.call(_channelsLast ? image.ToChannelsLast() : image);
        foreach (var level in _levels)
            x = level.call(x);
        x = CnnMiddle.Run(_middle, x);
        return _convOut.call(_normOut.Swish(x)).MoveToOuterDisposeScope();
    }
}
