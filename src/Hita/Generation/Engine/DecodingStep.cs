using System.Numerics;
using Hita.Generation.Engine.Kernels;
using Hita.Generation.Engine.Packing;
using Hita.Generation.Engine.Threads;
using Hita.Generation.Model;
using Hita.Runtime;

namespace Hita.Generation.Engine;

/// <summary>
/// One position of each of some sequences, or several where the tokens are known, as all members of a team compute them together: a
/// block is five phases, and in each the members share out panels of outputs or heads. Every number is computed by one member in a
/// fixed order, so that it does not matter which, and a row's numbers do not depend on the other rows or their positions.
/// </summary>
internal sealed unsafe class DecodingStep : ITeamTask
{
    private readonly PackedModel _model;
    private readonly ThreadTeam _team;
    private readonly MatrixRows[] _products;
    private readonly StepBuffers _buffers;
    private readonly KeyValueCache _cache;
    private readonly AttentionHead[] _heads;
    private readonly int _width;

    // The rows that need each of the two heads, and for each of them where its logits go.
    private readonly int[] _holistic;
    private readonly int[] _patches;
    private readonly int[] _holisticPlaces;
    private readonly int[] _patchPlaces;
    private int _holisticCount;
    private int _patchCount;

    // The first row of each sequence, and behind the last sequence the number of rows.
    private readonly int[] _firstRows;
    private int _sequenceCount;

    private int _rows;
    private DecodingRow* _sequences;
    private float* _logits;

    /// <param name="model">The weights.</param>
    /// <param name="team">Who computes.</param>
    /// <param name="kernels">The instruction set.</param>
    /// <param name="buffers">Room for the rows of a step.</param>
    /// <param name="cache">The sequences' keys and values.</param>
    /// <param name="rows">The most rows of a step.</param>
    public DecodingStep(
        PackedModel model, ThreadTeam team, EngineKernels kernels, StepBuffers buffers, KeyValueCache cache, int rows)
    {
        _holistic = new int[rows];
        _patches = new int[rows];
        (_holisticPlaces, _patchPlaces) = (new int[rows], new int[rows]);
        _firstRows = new int[rows + 1];
        (_model, _team, _buffers, _cache) = (model, team, buffers, cache);
        _width = model.Config.Width;
        var weightKernels = KernelSet.For(kernels, model.Precision.ToPanelKind());
        _products = new MatrixRows[team.Members];
        var rotary = new RotaryTable(model.Config);
        var cacheKind = model.Precision.ToCacheKind();
        var cacheKernels = KernelSet.For(kernels, cacheKind);
        _heads = new AttentionHead[team.Members];
        for (var member = 0; member < _heads.Length; member++)
        {
            _heads[member] = new AttentionHead(model.Config, cacheKind, cacheKernels, rotary);
            _products[member] = new MatrixRows(weightKernels, buffers.Quantized(member), buffers.Scales(member));
        }
    }

    /// <summary>Computes one position of each row.</summary>
    /// <param name="rows">The rows; those of a sequence stand together, in the order of their positions.</param>
    /// <param name="logits">[n, V] of the n rows that need them.</param>
    public void Run(ReadOnlySpan<DecodingRow> rows, Span<float> logits)
    {
        (_rows, _holisticCount, _patchCount, _sequenceCount) = (rows.Length, 0, 0, 0);
        for (var row = 0; row < rows.Length; row++)
        {
            if (row == 0 || rows[row].Slot != rows[row - 1].Slot)
                _firstRows[_sequenceCount++] = row;
            if (!rows[row].NeedsLogits)
                continue;
            var place = _holisticCount + _patchCount;
            if (rows[row].Position < _model.Config.HolisticTokenCount)
                (_holisticPlaces[_holisticCount], _holistic[_holisticCount++]) = (place, row);
            else
                (_patchPlaces[_patchCount], _patches[_patchCount++]) = (place, row);
        }
        _firstRows[_sequenceCount] = rows.Length;
        fixed (DecodingRow* start = rows)
        fixed (float* logitsStart = logits)
        {
            _sequences = start;
            _logits = logitsStart;
            _team.Run(this);
        }
    }

    /// <inheritdoc/>
    public void Execute(int member)
    {
        var normalized = _buffers.Normalized(member);
        Embed(member);
        _team.Meet(member);
        for (var i = 0; i < _model.Layers.Length; i++)
        {
            var layer = _model.Layers[i];
            Normalize(layer.AttentionNorm, normalized);
            Store(member, layer.QueryKeyValue, normalized, _rows, _buffers.QueryKeyValue, null);
            _team.Meet(member);
            Attend(member, i);
            _team.Meet(member);
            AddToResidual(member, layer.AttentionOut, _buffers.Attended);
            _team.Meet(member);
            Normalize(layer.FeedForwardNorm, normalized);
            Gate(member, layer, normalized);
            _team.Meet(member);
            AddToResidual(member, layer.Down, _buffers.Hidden);
            _team.Meet(member);
        }
        if (_holisticCount > 0)
            ApplyHead(member, _model.HolisticHead, _holistic.AsSpan(0, _holisticCount), _holisticPlaces, normalized);
        // Pieces are counted from one meeting to the next.
        if (_holisticCount > 0 && _patchCount > 0)
            _team.Meet(member);
        if (_patchCount > 0)
            ApplyHead(member, _model.PatchHead, _patches.AsSpan(0, _patchCount), _patchPlaces, normalized);
    }

    private void Embed(int member)
    {
        for (var row = member; row < _rows; row += _team.Members)
        {
            var (first, count) = StepBuffers.BlockOf(row, _rows);
            var sequence = _sequences[row];
            TableOf(sequence).Read(sequence.Input, _buffers.Residual + ((long)first * _width) + (row - first), count);
        }
    }

    /// <summary>What embeds a row's input.</summary>
    private EmbeddingTable TableOf(DecodingRow row)
    {
        if (row.Position == 0)
            return _model.Classes;
        var last = _model.Config.HolisticTokenCount;
        return row.Position < last || (row.Position == last && row.Boundary == BoundaryMode.Trained) ? _model.Holistic : _model.Patches;
    }

    /// <summary>The logits of some rows. Those of other rows are not computed.</summary>
    private void ApplyHead(int member, PackedMatrix head, ReadOnlySpan<int> rows, int[] places, float* normalized)
    {
        if (rows.Length == _rows)
        {
            Normalize(_model.Norm, normalized);
            Store(member, head, normalized, _rows, _logits, null);
            return;
        }
        for (var i = 0; i < rows.Length; i++)
        {
            var (first, count) = StepBuffers.BlockOf(i, rows.Length);
            var (sourceFirst, sourceCount) = StepBuffers.BlockOf(rows[i], _rows);
            var to = normalized + ((long)first * _width) + (i - first);
            var from = _buffers.Residual + ((long)sourceFirst * _width) + (rows[i] - sourceFirst);
            for (var k = 0; k < _width; k++)
                to[(long)k * count] = from[(long)k * sourceCount];
        }
        for (int first = 0, count; first < rows.Length; first += count)
        {
            count = Panel.BlockRows(rows.Length - first);
            var block = normalized + ((long)first * _width);
            RootMeanSquareNorm.Apply(block, _model.Norm, _width, count, block);
        }
        fixed (int* to = places)
            Store(member, head, normalized, rows.Length, _logits, to);
    }

    private void Normalize(float* weights, float* result)
    {
        for (int first = 0, count; first < _rows; first += count)
        {
            count = Panel.BlockRows(_rows - first);
            var offset = (long)first * _width;
            RootMeanSquareNorm.Apply(_buffers.Residual + offset, weights, _width, count, result + offset);
        }
    }

    /// <summary>
    /// In how many runs a matrix is read: two where rows are so few that a panel alone leaves the processor waiting, and panels
    /// so many that all members have enough of them. A panel of the first run goes with one of the second, far away, so that
    /// memory is read in two long streams; neighbours together would confuse what fetches ahead.
    /// </summary>
    private int Runs(PackedMatrix matrix, int rows) => rows < 4 && matrix.PanelCount >= 4 * _team.Members ? 2 : 1;

    /// <summary>Multiplies a panel, and one of the second run where there is one, with a block of rows.</summary>
    /// <returns>Panels multiplied; a tile a panel.</returns>
    private static int Multiply(MatrixRows product, PackedMatrix matrix, int panel, int second, int first, int count, float* tile)
    {
        if (second < matrix.PanelCount)
        {
            product.MultiplyPair(matrix.PanelAt(panel), matrix.PanelAt(second), matrix.Inputs, first, count, tile);
            return 2;
        }
        product.Multiply(matrix, panel, first, count, tile);
        return 1;
    }

    /// <summary>Writes a product as [rows, outputs], or each row to a place of its own.</summary>
    private void Store(int member, PackedMatrix matrix, float* x, int rows, float* result, int* places)
    {
        var tile = stackalloc float[Panel.MaximumRows * Panel.Width];
        var product = _products[member];
        product.Take(x, matrix.Inputs, rows);
        var runs = Runs(matrix, rows);
        var pieces = (matrix.PanelCount + runs - 1) / runs;
        while (_team.TryClaim(member, pieces, out var piece))
        {
            for (int first = 0, count; first < rows; first += count)
            {
                count = Panel.BlockRows(rows - first);
                var panels = Multiply(product, matrix, piece, piece + pieces, first, count, tile);
                for (var i = 0; i < panels * count; i++)
                {
                    var output = (piece + (i / count * pieces)) * Panel.Width;
                    var length = Math.Min(Panel.Width, matrix.Outputs - output);
                    var row = first + (i % count);
                    var to = result + ((long)(places == null ? row : places[row]) * matrix.Outputs) + output;
                    new ReadOnlySpan<float>(tile + (i * Panel.Width), length).CopyTo(new Span<float>(to, length));
                }
            }
        }
    }

    /// <summary>Adds a product to the residual stream.</summary>
    private void AddToResidual(int member, PackedMatrix matrix, float* x)
    {
        var tile = stackalloc float[Panel.MaximumRows * Panel.Width];
        var product = _products[member];
        product.Take(x, matrix.Inputs, _rows);
        var runs = Runs(matrix, _rows);
        var pieces = (matrix.PanelCount + runs - 1) / runs;
        while (_team.TryClaim(member, pieces, out var piece))
        {
            for (int first = 0, count; first < _rows; first += count)
            {
                count = Panel.BlockRows(_rows - first);
                var panels = Multiply(product, matrix, piece, piece + pieces, first, count, tile);
                for (var i = 0; i < panels; i++)
                {
                    var output = (piece + (i * pieces)) * Panel.Width;
                    var length = Math.Min(Panel.Width, matrix.Outputs - output);
                    var to = _buffers.Residual + ((long)first * _width) + ((long)output * count);
                    Interleave.Add(tile + (i * count * Panel.Width), count, length, to);
                }
            }
        }
    }

    /// <summary>Both halves of SwiGLU and their product, panel by panel.</summary>
    private void Gate(int member, PackedLayer layer, float* x)
    {
        var (gate, up) = (layer.Gate, layer.Up);
        var gated = stackalloc float[2 * Panel.MaximumRows * Panel.Width];
        var product = _products[member];
        product.Take(x, gate.Inputs, _rows);
        while (_team.TryClaim(member, gate.PanelCount, out var panel))
        {
            for (int first = 0, count; first < _rows; first += count)
            {
                count = Panel.BlockRows(_rows - first);
                var straight = gated + (count * Panel.Width);
                if (count <= 2)
                {
                    product.MultiplyPair(gate.PanelAt(panel), up.PanelAt(panel), gate.Inputs, first, count, gated);
                }
                else
                {
                    product.Multiply(gate, panel, first, count, gated);
                    product.Multiply(up, panel, first, count, straight);
                }
                SwiGlu(gated, straight, count * Panel.Width);
                Interleave.Copy(gated, count, Panel.Width, _buffers.Hidden + ((long)first * gate.Outputs) + ((long)panel * Panel.Width * count));
            }
        }
    }

    /// <summary>silu(gated) · straight, in place.</summary>
    private static void SwiGlu(float* gated, float* straight, int count)
    {
        for (var i = 0; i < count; i += Vector<float>.Count)
        {
            var g = Vector.Load(gated + i);
            Vector.Store(g / (Vector<float>.One + VectorMath.Exp(-g)) * Vector.Load(straight + i), gated + i);
        }
    }

    private void Attend(int member, int layer)
    {
        var heads = _model.Config.Heads;
        while (_team.TryClaim(member, _sequenceCount * heads, out var piece))
        {
            var (sequence, head) = Math.DivRem(piece, heads);
            // One after the other: a position sees those before it, of the same step too.
            for (var row = _firstRows[sequence]; row < _firstRows[sequence + 1]; row++)
                Attend(member, layer, row, head);
        }
    }

    private void Attend(int member, int layer, int row, int head)
    {
        var output = _heads[member].Attend(
            _cache, layer, _sequences[row].Slot, head, _sequences[row].Position, _model.SlotPositions,
            _buffers.QueryKeyValue + ((long)row * 3 * _width));
        var (first, count) = StepBuffers.BlockOf(row, _rows);
        var to = _buffers.Attended + ((long)first * _width) + ((long)head * _model.Config.HeadWidth * count) + (row - first);
        for (var i = 0; i < output.Length; i++)
            to[(long)i * count] = output[i];
    }
}
