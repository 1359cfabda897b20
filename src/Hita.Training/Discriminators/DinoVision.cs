using Hita.Checkpoints;
using Hita.Layers;
using Hita.Metrics.Networks;
using Hita.Models;
using Hita.Runtime;
using Hita.Tokenization.Model;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Hita.Training.Discriminators;

// B batch, N = 196 patches, D = 384 width.

/// <summary>The first release of DINO, ViT-S/16: frozen, and read at five depths.</summary>
internal sealed class DinoVision : nn.Module
{
    /// <summary>Width D of a token.</summary>
    public const int Width = 384;

    /// <summary>Side of its input in pixels.</summary>
    public const int Side = 224;

    /// <summary>Read-outs: after the positions, and after these blocks.</summary>
    public const int ReadOutCount = 5;

    private const int Depth = 12;
    private const int Heads = 6;
    private const int PatchSize = 16;
    private static readonly int[] ReadAfter = [2, 5, 8, 11];

    [ComponentName(Name = "cls_token")] private readonly Parameter _classToken;
    [ComponentName(Name = "pos_embed")] private readonly Parameter _positions;
    [ComponentName(Name = "patch_embed")] private readonly PatchEmbedding _patches;
    [ComponentName(Name = "blocks")] private readonly ModuleList<DinoBlock> _blocks;
    [ComponentName(Name = "norm")] private readonly Layers.LayerNorm _norm;

    public DinoVision(Placement placement)
        : base(nameof(DinoVision))
    {
        _classToken = placement.NewParameter(1, 1, Width);
        _positions = placement.NewParameter(1, 1 + (Side / PatchSize * (Side / PatchSize)), Width);
        _patches = new PatchEmbedding(Width, PatchSize, placement);
        _blocks = [];
        for (var i = 0; i < Depth; i++)
            _blocks.Add(new DinoBlock(Width, Heads, placement));
        // Its file holds a final norm, which no read-out passes through.
        _norm = new Layers.LayerNorm(Width, placement, eps: 1e-6);
        RegisterComponents();
        foreach (var parameter in parameters())
            parameter.requires_grad_(false);
        eval();
    }

    /// <summary>Loads the published file.</summary>
    /// <param name="file">The file; null looks for <see cref="MetricWeights.Dino"/> in the folder of metric weights.</param>
    /// <param name="placement">Where the weights live.</param>
    /// <exception cref="HitaException">It is not there (the message says what to fetch) or does not fit.</exception>
    public static DinoVision Load(string? file, Placement placement)
    {
        using var source = WeightFile.Open(file ?? MetricWeights.Find(MetricWeights.Dino));
        var network = new DinoVision(placement);
        try
        {
            StrictLoader.Load(source, network.Parameters(), new LoadOptions
            {
                Advice = static _ => $"the ViT-S/16 of DINO's first release is wanted, {MetricWeights.Dino.FileName}",
            });
            network.DropKeyBiases();
            return network;
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    /// <summary>Weights made from their names, for comparing implementations.</summary>
    public static DinoVision ByName(Placement placement, string prefix = "dino_vits16.")
    {
        var network = new DinoVision(placement);
        network.FillByName(prefix);
        network.DropKeyBiases();
        return network;
    }

    /// <summary>Read-outs of images [B, 3, 224, 224], normalised: patches plus class token, [B, D, N] each, in the caller's scope.</summary>
    public List<Tensor> ReadOuts(Tensor images)
    {
        using var scope = NewDisposeScope();
        var x = cat([_classToken.expand(images.size(0), -1, -1), _patches.call(images)], 1).Plus(_positions); // [B, 1 + N, D]
        var found = new List<Tensor> { Read(x) };
        for (var i = 0; i < _blocks.Count; i++)
        {
            x = _blocks[i].call(x);
            if (ReadAfter.Contains(i))
                found.Add(Read(x));
        }
        return found.ConvertAll(static r => r.MoveToOuterDisposeScope());
    }

    private static Tensor Read(Tensor x) => x.narrow(1, 1, x.size(1) - 1).Plus(x.narrow(1, 0, 1)).transpose(1, 2);

    // The published discriminator has no bias on keys; one would shift all scores of a query alike, and cancel in the softmax.
    private void DropKeyBiases()
    {
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        foreach (var (name, parameter) in this.Parameters())
        {
            if (name.EndsWith("attn.qkv.bias", StringComparison.Ordinal))
                parameter.narrow(0, Width, Width).zero_();
        }
    }
}

/// <summary>A pre-norm block without learned scales.</summary>
internal sealed class DinoBlock : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "norm1")] private readonly Layers.LayerNorm _norm1;
    [ComponentName(Name = "attn")] private readonly VisionAttention _attention;
    [ComponentName(Name = "norm2")] private readonly Layers.LayerNorm _norm2;
    [ComponentName(Name = "mlp")] private readonly GeluMlp _feedForward;

    public DinoBlock(int width, int heads, Placement placement)
        : base(nameof(DinoBlock))
    {
        _norm1 = new Layers.LayerNorm(width, placement, eps: 1e-6);
        _attention = new VisionAttention(width, heads, placement);
        _norm2 = new Layers.LayerNorm(width, placement, eps: 1e-6);
        _feedForward = new GeluMlp(width, 4 * width, placement, approximate: true);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        x = x.Plus(_attention.call(_norm1.call(x)));
        return x.Plus(_feedForward.call(_norm2.call(x))).MoveToOuterDisposeScope();
    }
}
