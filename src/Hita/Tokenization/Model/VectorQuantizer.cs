using Hita.Layers;
using Hita.Runtime;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Hita.Tokenization.Model;

/// <summary>Replaces vectors by the nearest entries of a codebook, both of unit length.</summary>
internal sealed class VectorQuantizer : nn.Module
{
    [ComponentName(Name = "embedding")] private readonly Embedding _codebook;

    public VectorQuantizer(long entries, long dimensions, Placement placement)
        : base(nameof(VectorQuantizer))
    {
        _codebook = new Embedding(entries, dimensions, placement);
        RegisterComponents();
    }

    /// <summary>The type of the codebook, and of all other weights.</summary>
    public ScalarType Type => _codebook.Table.dtype;

    /// <summary>The entries as they are stored, [V, d]; they take part at unit length only.</summary>
    public Tensor Table => _codebook.Table;

    /// <summary>The nearest entries' numbers for vectors [B, T, d], as int64 [B, T].</summary>
    /// <remarks>Computed in float32 whatever the model's type: a distance in half precision picks other codes.</remarks>
    public Tensor Encode(Tensor vectors)
    {
        using var scope = NewDisposeScope();
        var z = Unit(vectors.to(ScalarType.Float32)).reshape(-1, vectors.size(2)); // [B·T, d]
        var entries = Unit(_codebook.Table.to(ScalarType.Float32)); // [V, d]
        var products = nn.functional.linear(z, entries); // [B·T, V]
        var distances = z.Times(z).sum(1, keepdim: true).Plus(entries.Times(entries).sum(1)).PlusScaled(products, -2);
        return distances.argmin(1).view(vectors.size(0), vectors.size(1)).MoveToOuterDisposeScope();
    }

    /// <summary>The unit-length entries for numbers [B, T], as [B, T, d].</summary>
    public Tensor Decode(Tensor codes)
    {
        using var scope = NewDisposeScope();
        return Unit(_codebook.call(codes)).MoveToOuterDisposeScope();
    }

    /// <summary>The number of the entry nearest to the mean of all, the least that can be said of a vector.</summary>
    public int Middle()
    {
        using var inference = inference_mode();
        using var scope = NewDisposeScope();
        return Encode(Unit(_codebook.Table.to(ScalarType.Float32)).mean([0]).view(1, 1, -1)).ToInts()[0];
    }

    /// <summary>Vectors scaled to unit length along the last dimension.</summary>
    public static Tensor Unit(Tensor vectors) => nn.functional.normalize(vectors, dim: -1, eps: 1e-12);
}
