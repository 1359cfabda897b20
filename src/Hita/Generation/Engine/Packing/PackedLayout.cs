using System.Text;
using Hita.Generation.Engine.Kernels;
using Hita.Generation.Model;
using Hita.Runtime;

namespace Hita.Generation.Engine.Packing;

/// <summary>How a part of the weights is laid out.</summary>
internal enum SectionKind
{
    /// <summary>Float32 as it is.</summary>
    Plain,

    /// <summary>Rows to look up.</summary>
    Table,

    /// <summary>Panels.</summary>
    Matrix,
}

/// <summary>A part of the packed weights.</summary>
/// <param name="Tensor">The state-dict name it is made from.</param>
/// <param name="Kind">How it is laid out.</param>
/// <param name="Rows">Rows taken from the tensor; 1 for a vector.</param>
/// <param name="Columns">Values a row.</param>
/// <param name="FirstRow">The first row taken: the output matrix becomes two sections, one a head.</param>
/// <param name="Offset">Bytes from the start of the weights.</param>
/// <param name="Bytes">Its length.</param>
internal sealed record PackedSection(
    string Tensor, SectionKind Kind, int Rows, int Columns, int FirstRow, long Offset, long Bytes);

/// <summary>Where everything lies in the packed weights of an architecture, in the order in which a step reads it.</summary>
internal sealed class PackedLayout
{
    // Sections start at cache lines.
    private const long Alignment = 64;

    // The widest portable vectors read a little past the last weights.
    private const long Tail = 4096;

    private readonly Precision _precision;
    private readonly List<PackedSection> _sections = [];

    public PackedLayout(GeneratorConfig config, Precision precision)
    {
        _precision = precision;
        var (width, hidden, codes) = (config.Width, config.HiddenWidth, config.CodebookSize);
        Add("cls_embedding.embedding_table.weight", SectionKind.Table, config.ClassCount + 1, width);
        Add("tok_embeddings.weight", SectionKind.Table, codes, width);
        if (config.HolisticTokenCount > 0)
        {
            Add("slot_embeddings.weight", SectionKind.Table, codes, width);
            Add("slot_pos.weight", SectionKind.Plain, config.HolisticTokenCount, width);
        }
        for (var layer = 0; layer < config.Layers; layer++)
        {
            Add($"layers.{layer}.attention_norm.weight", SectionKind.Plain, 1, width);
            Add($"layers.{layer}.attention.wqkv.weight", SectionKind.Matrix, 3 * width, width);
            Add($"layers.{layer}.attention.wo.weight", SectionKind.Matrix, width, width);
            Add($"layers.{layer}.ffn_norm.weight", SectionKind.Plain, 1, width);
            Add($"layers.{layer}.feed_forward.w1.weight", SectionKind.Matrix, hidden, width);
            Add($"layers.{layer}.feed_forward.w3.weight", SectionKind.Matrix, hidden, width);
            Add($"layers.{layer}.feed_forward.w2.weight", SectionKind.Matrix, width, hidden);
        }
        Add("norm.weight", SectionKind.Plain, 1, width);
        for (var head = 0; head < config.OutputSize; head += codes)
            Add("output.weight", SectionKind.Matrix, codes, width, head);
        Length += Tail;
    }

    /// <summary>All sections.</summary>
    public IReadOnlyList<PackedSection> Sections => _sections;

    /// <summary>Bytes of the weights.</summary>
    public long Length { get; private set; }

    /// <summary>A text that is equal for packed weights that are interchangeable, and for no others.</summary>
    public static string Describe(GeneratorConfig config, Precision precision, string fingerprint) =>
        new StringBuilder($"Generator weights packed for the CPU engine of Hita for .NET, layout {(precision == Precision.Int8 ? 4 : 3)}.\n")
            .Append($"precision: {precision}\nweights: {fingerprint}\n")
            .Append(ConfigJson.Write(config with { Preset = null })).ToString();

    /// <summary>The section made from a tensor.</summary>
    public PackedSection this[string tensor, int firstRow = 0] =>
        _sections.Find(s => s.Tensor == tensor && s.FirstRow == firstRow)
        ?? throw new ArgumentException($"The layout has no {tensor}.", nameof(tensor));

    /// <summary>The shape of a tensor in the state dict.</summary>
    public long[] ShapeOf(string tensor)
    {
        var parts = _sections.Where(s => s.Tensor == tensor).ToArray();
        return tensor.EndsWith("norm.weight", StringComparison.Ordinal)
            ? [parts[0].Columns]
            : [parts.Sum(p => (long)p.Rows), parts[0].Columns];
    }

    private void Add(string tensor, SectionKind kind, int rows, int columns, int firstRow = 0)
    {
        var bytes = kind switch
        {
            SectionKind.Plain => sizeof(float) * (long)rows * columns,
            SectionKind.Table => EmbeddingTable.Bytes(_precision, rows, columns),
            _ => Panel.Count(rows) * Panel.Bytes(_precision.ToPanelKind(), columns),
        };
        Length = (Length + Alignment - 1) / Alignment * Alignment;
        _sections.Add(new PackedSection(tensor, kind, rows, columns, firstRow, Length, bytes));
        Length += bytes;
    }
}
