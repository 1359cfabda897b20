using Hita.Generation.Engine.Kernels;
using Hita.Generation.Model;
using Hita.Runtime;

namespace Hita.Generation.Engine.Packing;

/// <summary>The weights of one block.</summary>
internal sealed unsafe class PackedLayer(
    float* attentionNorm, PackedMatrix queryKeyValue, PackedMatrix attentionOut,
    float* feedForwardNorm, PackedMatrix gate, PackedMatrix up, PackedMatrix down)
{
    public float* AttentionNorm => attentionNorm;

    /// <summary>Queries, then keys, then values.</summary>
    public PackedMatrix QueryKeyValue { get; } = queryKeyValue;

    public PackedMatrix AttentionOut { get; } = attentionOut;

    public float* FeedForwardNorm => feedForwardNorm;

    /// <summary>The half of SwiGLU that passes through silu.</summary>
    public PackedMatrix Gate { get; } = gate;

    /// <summary>The half of SwiGLU that is multiplied.</summary>
    public PackedMatrix Up { get; } = up;

    public PackedMatrix Down { get; } = down;
}

/// <summary>Packed weights, as views of memory that it owns.</summary>
internal sealed unsafe class PackedModel : IDisposable
{
    private readonly PackedMemory _memory;

    private PackedModel(GeneratorConfig config, Precision precision, PackedLayout layout, PackedMemory memory)
    {
        _memory = memory;
        Config = config;
        Precision = precision;
        var start = memory.Weights;
        float* Plain(string tensor) => (float*)(start + layout[tensor].Offset);
        EmbeddingTable Table(string tensor)
        {
            var section = layout[tensor];
            return new EmbeddingTable(start + section.Offset, precision, section.Rows, section.Columns);
        }
        PackedMatrix Matrix(string tensor, int firstRow = 0)
        {
            var section = layout[tensor, firstRow];
            return new PackedMatrix(start + section.Offset, precision.ToPanelKind(), section.Rows, section.Columns);
        }

        Classes = Table("cls_embedding.embedding_table.weight");
        Patches = Table("tok_embeddings.weight");
        PatchHead = Matrix("output.weight", config.OutputSize - config.CodebookSize);
        if (config.HolisticTokenCount > 0)
        {
            Holistic = Table("slot_embeddings.weight");
            SlotPositions = Plain("slot_pos.weight");
            HolisticHead = Matrix("output.weight");
        }
        Norm = Plain("norm.weight");
        Layers = new PackedLayer[config.Layers];
        for (var i = 0; i < Layers.Length; i++)
        {
            Layers[i] = new PackedLayer(
                Plain($"layers.{i}.attention_norm.weight"),
                Matrix($"layers.{i}.attention.wqkv.weight"),
                Matrix($"layers.{i}.attention.wo.weight"),
                Plain($"layers.{i}.ffn_norm.weight"),
                Matrix($"layers.{i}.feed_forward.w1.weight"),
                Matrix($"layers.{i}.feed_forward.w3.weight"),
                Matrix($"layers.{i}.feed_forward.w2.weight"));
        }
    }

    /// <summary>The architecture.</summary>
    public GeneratorConfig Config { get; }

    /// <summary>How the matrices are kept.</summary>
    public Precision Precision { get; }

    /// <summary>The file that is mapped, or null where the weights are in memory of their own.</summary>
    public string? Path => _memory.Path;

    /// <summary>Class embeddings; the last is "no class".</summary>
    public EmbeddingTable Classes { get; }

    /// <summary>Embeddings of holistic codes; empty in the vanilla family.</summary>
    public EmbeddingTable Holistic { get; }

    /// <summary>Embeddings of patch codes.</summary>
    public EmbeddingTable Patches { get; }

    /// <summary>[M, width]: what is added to queries and keys at the first positions.</summary>
    public float* SlotPositions { get; }

    /// <summary>The blocks.</summary>
    public PackedLayer[] Layers { get; }

    /// <summary>The final norm.</summary>
    public float* Norm { get; }

    /// <summary>The head of the holistic tokens; empty in the vanilla family.</summary>
    public PackedMatrix HolisticHead { get; }

    /// <summary>The head of the patch tokens.</summary>
    public PackedMatrix PatchHead { get; }

    /// <summary>Bytes of weights that a step reads: every block and one head.</summary>
    public long BytesPerStep => Layers.Sum(l =>
        l.QueryKeyValue.Bytes + l.AttentionOut.Bytes + l.Gate.Bytes + l.Up.Bytes + l.Down.Bytes) + PatchHead.Bytes;

    /// <summary>Opens the packed copy of a model's weights, making it first where there is none.</summary>
    /// <param name="config">The architecture.</param>
    /// <param name="weights">Where the weights come from.</param>
    /// <param name="precision">How they are kept.</param>
    /// <param name="folder">Where packed copies are kept; null packs into memory and keeps nothing.</param>
    public static PackedModel Open(
        GeneratorConfig config, IGeneratorWeights weights, Precision precision, string? folder)
    {
        var layout = new PackedLayout(config, precision);
        foreach (var section in layout.Sections)
        {
            if (section.Rows * (long)section.Columns > Array.MaxLength)
                throw new HitaException($"The tensor {section.Tensor} is too large for the CPU engine.");
        }
        var description = PackedLayout.Describe(config, precision, weights.Fingerprint);
        var name = $"{weights.Fingerprint}-{precision.ToString().ToLowerInvariant()}";
        var memory = PackedMemory.Open(folder, name, description, layout.Length, target => Fill(layout, precision, weights, target));
        return new PackedModel(config, precision, layout, memory);
    }

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();

    private static void Fill(PackedLayout layout, Precision precision, IGeneratorWeights weights, PackTarget target)
    {
        var buffer = Array.Empty<float>();
        foreach (var tensor in layout.Sections.GroupBy(s => s.Tensor))
        {
            var shape = layout.ShapeOf(tensor.Key);
            var count = checked((int)shape.Aggregate(1L, (a, b) => a * b));
            if (buffer.Length < count)
                buffer = GC.AllocateUninitializedArray<float>(count);
            weights.Read(tensor.Key, shape, buffer.AsSpan(0, count));
            if (!VectorMath.AllFinite(buffer.AsSpan(0, count)))
                throw new HitaException($"The tensor {tensor.Key} holds a value that is not a finite number; the weights are damaged.");
            foreach (var section in tensor)
            {
                var values = buffer.AsMemory(section.FirstRow * section.Columns, section.Rows * section.Columns);
                var at = target.Begin(section);
                if (section.Kind == SectionKind.Matrix)
                    MatrixPacker.Pack(values, precision.ToPanelKind(), section.Rows, section.Columns, at);
                else if (section.Kind == SectionKind.Table)
                    EmbeddingTable.Pack(values.Span, precision, at);
                else
                    values.Span.CopyTo(new Span<float>(at, values.Length));
                target.End(section);
            }
        }
    }
}
