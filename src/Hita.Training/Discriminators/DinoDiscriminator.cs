using Hita.Checkpoints;
using Hita.Layers;
using Hita.Runtime;
using Hita.Tokenization.Model;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Hita.Training.Discriminators;

/// <summary>Trained heads on the features of a frozen DINO.</summary>
internal sealed class DinoDiscriminator : nn.Module, IDiscriminator
{
    [ComponentName(Name = "heads")] private readonly ModuleList<DinoHead> _heads;
    private readonly Frozen _vision;

    /// <summary>Takes over the frozen network, which is no part of its parameters.</summary>
    public DinoDiscriminator(DinoVision vision, Placement placement)
        : base(nameof(DinoDiscriminator))
    {
        _vision = new Frozen(vision);
        _heads = [];
        for (var i = 0; i < DinoVision.ReadOutCount; i++)
            _heads.Add(new DinoHead(DinoVision.Width, placement));
        RegisterComponents();
    }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Parameters => this.Parameters();

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Buffers => named_buffers().ToDictionary(static b => b.name, static b => b.buffer, StringComparer.Ordinal);

    /// <summary>Fresh heads, as the framework samples convolutions, on the published frozen network.</summary>
    /// <exception cref="HitaException">The frozen network's file is not there or does not fit.</exception>
    public static DinoDiscriminator Create(string? file, Placement placement, ulong seed)
    {
        var network = new DinoDiscriminator(DinoVision.Load(file, placement), placement);
        using var frozen = no_grad();
        using var random = new Generator(seed);
        var parameters = network.Parameters;
        foreach (var (name, parameter) in parameters)
        {
            using var scope = NewDisposeScope();
            var values = empty(parameter.shape, dtype: ScalarType.Float32);
            var owner = name[..name.LastIndexOf('.')];
            if (!parameters.TryGetValue(owner + ".weight_orig", out var weight))
                values.fill_(TensorOps.Constant(name.EndsWith(".weight", StringComparison.Ordinal) ? 1L : 0L));
            else
                values.uniform_(-1 / Math.Sqrt(weight.numel() / weight.size(0)), 1 / Math.Sqrt(weight.numel() / weight.size(0)), random);
            parameter.copy_(values);
        }
        foreach (var buffer in network.Buffers.Values)
        {
            using var scope = NewDisposeScope();
            buffer.copy_(nn.functional.normalize(empty(buffer.shape, dtype: ScalarType.Float32).normal_(0, 1, random), dim: 0, eps: 1e-12));
        }
        return network;
    }

    /// <inheritdoc/>
    /// <returns>The logits of all positions of all read-outs, [B, 5 · 196].</returns>
    public Tensor Judge(Tensor images, StepRandom random)
    {
        using var scope = NewDisposeScope();
        var readOuts = _vision.Network.ReadOuts(ToInput(images, random));
        return cat([.. readOuts.Select((r, i) => _heads[i].call(r).reshape(images.size(0), -1))], 1).MoveToOuterDisposeScope();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _vision.Network.Dispose();
        base.Dispose(disposing);
    }

    private static Tensor ToInput(Tensor images, StepRandom random)
    {
        const int Side = DinoVision.Side;
        var x = SemanticInput.Normalize(images.Plus(1).Times(0.5));
        long height = x.size(2), width = x.size(3);
        if (height > Side && width > Side && random.NextDouble() < 0.5)
            return x.narrow(2, random.NextBelow(height - Side + 1), Side).narrow(3, random.NextBelow(width - Side + 1), Side);
        if (height == Side && width == Side)
            return x;
        return height > Side
            ? nn.functional.interpolate(x, size: [Side, Side], mode: InterpolationMode.Area)
            : nn.functional.interpolate(x, size: [Side, Side], mode: InterpolationMode.Bicubic, align_corners: false);
    }

    /// <summary>Keeps the frozen network out of sight of the registration of components.</summary>
    private sealed record Frozen(DinoVision Network);
}
