using Hita.Generation.Engine.Kernels;

namespace Hita.Generation.Engine.Packing;

/// <summary>A matrix in panels. It points into memory that its <see cref="PackedModel"/> owns.</summary>
internal readonly unsafe struct PackedMatrix
{
    private readonly byte* _data;
    private readonly long _panelBytes;

    public PackedMatrix(byte* data, PanelKind kind, int outputs, int inputs)
    {
        _data = data;
        _panelBytes = Panel.Bytes(kind, inputs);
        Outputs = outputs;
        Inputs = inputs;
    }

    /// <summary>Rows of the matrix.</summary>
    public int Outputs { get; }

    /// <summary>Columns of the matrix.</summary>
    public int Inputs { get; }

    /// <summary>Panels of 32 outputs; the last may be filled up.</summary>
    public int PanelCount => Panel.Count(Outputs);

    /// <summary>Bytes that a product reads.</summary>
    public long Bytes => PanelCount * _panelBytes;

    /// <summary>The first byte of a panel.</summary>
    public byte* PanelAt(int panel) => _data + (panel * _panelBytes);
}
