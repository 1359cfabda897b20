using Hita.Layers;
using Hita.Runtime.Products;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Hita.Generation.Model;

// B batch (R rows when decoding), T positions, C width, V codebook entries, M holistic and N patch tokens.

/// <summary>The generator's network. Its names are those of the published checkpoints.</summary>
internal sealed class GeneratorModel : nn.Module
{
    [ComponentName(Name = "cls_embedding")] private readonly ClassEmbedding _classes;
    [ComponentName(Name = "tok_embeddings")] private readonly Layers.Embedding _patchTokens;
    [ComponentName(Name = "slot_embeddings")] private readonly Layers.Embedding? _holisticTokens;
    [ComponentName(Name = "layers")] private readonly ModuleList<GeneratorBlock> _layers;
    [ComponentName(Name = "norm")] private readonly RmsNorm _norm;
    [ComponentName(Name = "output")] private readonly OutputHeads _output;
    [ComponentName(Name = "slot_pos")] private readonly Layers.Embedding? _holisticPositions;
    private readonly PatchRotary _rotary;
    private readonly double _dropout;

    public GeneratorModel(GeneratorConfig config, Placement placement, double dropout = 0.1)
        : base(nameof(GeneratorModel))
    {
        Config = config.Validate();
        Placement = placement;
        _dropout = dropout;
        _classes = new ClassEmbedding(config.ClassCount + 1, config.Width, placement);
        _patchTokens = new Layers.Embedding(config.CodebookSize, config.Width, placement);
        if (config.HolisticTokenCount > 0)
        {
            _holisticTokens = new Layers.Embedding(config.CodebookSize, config.Width, placement);
            _holisticPositions = new Layers.Embedding(config.HolisticTokenCount, config.Width, placement);
        }
        _layers = [];
        for (var i = 0; i < config.Layers; i++)
            _layers.Add(new GeneratorBlock(config, dropout, placement));
        _norm = new RmsNorm(config.Width, placement);
        _output = new OutputHeads(config.Width, config.OutputSize, placement);
        RegisterComponents();
        _rotary = new PatchRotary(config, placement.Device);
        eval();
    }

    /// <summary>The architecture.</summary>
    public GeneratorConfig Config { get; }

    /// <summary>Where the parameters live, and their type.</summary>
    public Placement Placement { get; }

    /// <summary>The number of blocks.</summary>
    public int BlockCount => _layers.Count;

    /// <summary>The learned positions [M, C], which every block adds to its queries and keys; null in the vanilla family.</summary>
    public Tensor? HolisticPositions => _holisticPositions?.Table;

    private TokenPositions Positions => PositionsOf(HolisticPositions, HolisticPositions);

    /// <summary>The teacher-forced pass: outputs after the final norm for the positions 0 … T − 1.</summary>
    /// <param name="classes">int64 [B]; <see cref="GeneratorConfig.ClassCount"/> stands for no class.</param>
    /// <param name="tokens">int64 [B, T − 1], holistic codes then patch codes: the inputs at the positions 1 … T − 1.</param>
    /// <param name="boundary">How the input at position M is embedded.</param>
    /// <returns>[B, T, C].</returns>
    public Tensor Hidden(Tensor classes, Tensor tokens, BoundaryMode boundary = BoundaryMode.Trained)
    {
        using var scope = NewDisposeScope();
        var x = Inputs(classes, tokens, boundary);
        var positions = Positions;
        for (var i = 0; i < _layers.Count; i++)
            x = Block(i, x, positions);
        return Outputs(x).MoveToOuterDisposeScope();
    }

    /// <summary>What enters the first block: [B, T, C]. Arguments are those of <see cref="Hidden"/>, of which this is the first part.</summary>
    public Tensor Inputs(Tensor classes, Tensor tokens, BoundaryMode boundary = BoundaryMode.Trained)
    {
        using var scope = NewDisposeScope();
        var x = Embed(classes, tokens, boundary);
        return (training && _dropout > 0 ? nn.functional.dropout(x, _dropout) : x).MoveToOuterDisposeScope();
    }

    /// <summary>One block over all positions, [B, T, C] → [B, T, C].</summary>
    public Tensor Block(int number, Tensor x, TokenPositions positions) => _layers[number].Forward(x, positions);

    /// <summary>What the last block's outputs become: normalised, [B, T, C].</summary>
    public Tensor Outputs(Tensor x) => _norm.call(x);

    /// <summary>Positions whose learned part comes from these tables, so that the gradients of both can be told apart.</summary>
    public TokenPositions PositionsOf(Tensor? ofQueries, Tensor? ofKeys) => new(ofQueries, ofKeys, _rotary, Config.HolisticTokenCount);

    /// <summary>Logits of the holistic head for outputs at positions below M: [B, T, C] → [B, T, V].</summary>
    public Tensor HolisticLogits(Tensor hidden) => _output.Logits(hidden, 0, Config.CodebookSize);

    /// <summary>Logits of the patch head for outputs at positions from M on: [B, T, C] → [B, T, V].</summary>
    public Tensor PatchLogits(Tensor hidden) =>
        _output.Logits(hidden, Config.OutputSize - Config.CodebookSize, Config.CodebookSize);

    /// <summary>A head's weights in float32, [V, C], for many calls of <see cref="OutputHeads.Logits(Tensor, Tensor)"/>.</summary>
    /// <param name="holistic">Whether it is the head for positions below M.</param>
    public Tensor Head(bool holistic) => _output.Head(holistic ? 0 : Config.OutputSize - Config.CodebookSize, Config.CodebookSize);

    /// <summary>One cached position.</summary>
    /// <param name="inputs">int64 [R]: classes at position 0, later tokens.</param>
    /// <param name="position">The position.</param>
    /// <param name="cache">The rows' cache.</param>
    /// <param name="boundary">How the input at position M is embedded.</param>
    /// <returns>Outputs after the final norm, [R, 1, C].</returns>
    public Tensor Step(Tensor inputs, int position, TensorKeyValueCache cache, BoundaryMode boundary)
    {
        using var scope = NewDisposeScope();
        var x = EmbeddingAt(position, boundary).call(inputs).unsqueeze(1); // [R, 1, C]
        var positions = Positions;
        for (var i = 0; i < _layers.Count; i++)
            x = _layers[i].Step(x, positions, cache, i, position);
        return _norm.call(x).MoveToOuterDisposeScope();
    }

    private Tensor Embed(Tensor classes, Tensor tokens, BoundaryMode boundary)
    {
        using var scope = NewDisposeScope();
        var parts = new List<Tensor> { _classes.call(classes).unsqueeze(1) };
        // The input at position M is the last holistic code; the modes differ in its table alone.
        long holistic = Config.HolisticTokenCount - (boundary == BoundaryMode.Published ? 1 : 0);
        var first = Math.Clamp(holistic, 0, tokens.size(1));
        if (first > 0)
            parts.Add(_holisticTokens!.call(tokens.narrow(1, 0, first)));
        if (tokens.size(1) > first)
            parts.Add(_patchTokens.call(tokens.narrow(1, first, tokens.size(1) - first)));
        return cat(parts, 1).MoveToOuterDisposeScope(); // [B, T, C]
    }

    private nn.Module<Tensor, Tensor> EmbeddingAt(int position, BoundaryMode boundary)
    {
        if (position == 0)
            return _classes;
        var lastHolistic = Config.HolisticTokenCount - (boundary == BoundaryMode.Published ? 1 : 0);
        return position <= lastHolistic ? _holisticTokens! : _patchTokens;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _rotary.Dispose();
        base.Dispose(disposing);
    }
}

/// <summary>Holds the class table under the name it has in checkpoints.</summary>
internal sealed class ClassEmbedding : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "embedding_table")] private readonly Layers.Embedding _table;

    public ClassEmbedding(long count, long width, Placement placement)
        : base(nameof(ClassEmbedding))
    {
        _table = new Layers.Embedding(count, width, placement);
        RegisterComponents();
    }

    public override Tensor forward(Tensor classes) => _table.call(classes);
}

/// <summary>The output matrix, of which a position uses one head.</summary>
internal sealed class OutputHeads : nn.Module
{
    [ComponentName(Name = "weight")] private readonly Parameter _weight;

    public OutputHeads(long width, long size, Placement placement)
        : base(nameof(OutputHeads))
    {
        _weight = placement.NewParameter(size, width);
        RegisterComponents();
    }

    /// <summary>[.., C] → [.., count] from the rows first … first + count − 1.</summary>
    public Tensor Logits(Tensor hidden, long first, long count)
    {
        using var scope = NewDisposeScope();
        return Logits(hidden, Head(first, count)).MoveToOuterDisposeScope();
    }

    /// <summary>[.., C] → [.., count] by rows that <see cref="Head"/> gave.</summary>
    public static Tensor Logits(Tensor hidden, Tensor head)
    {
        using var scope = NewDisposeScope();
        return LinearProduct.Apply(hidden.to(ScalarType.Float32), head, null, measured: false).MoveToOuterDisposeScope();
    }

    /// <summary>The rows first … first + count − 1 in float32; a view where they are kept so.</summary>
    /// <remarks>Always float32: guidance multiplies the differences of logits, and what half precision rounds away it would enlarge.</remarks>
    public Tensor Head(long first, long count)
    {
        using var scope = NewDisposeScope();
        return _weight.narrow(0, first, count).to(ScalarType.Float32).MoveToOuterDisposeScope();
    }
}
