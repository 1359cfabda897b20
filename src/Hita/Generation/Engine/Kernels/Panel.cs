namespace Hita.Generation.Engine.Kernels;

/// <summary>
/// The unit of a packed matrix: the weights of 32 outputs, input after input, so that a product reads memory from front to
/// back and every output is summed in the order of the inputs, whatever the vector width and the number of rows.
/// </summary>
internal static class Panel
{
    /// <summary>Outputs of a panel.</summary>
    public const int Width = 32;

    /// <summary>Inputs that share an int8 scale.</summary>
    public const int GroupLength = 64;

    /// <summary>Bytes of the 32 int8 weights of an input. They lie in pairs of inputs, output after output; an odd last one goes with zeros.</summary>
    public const int BytesPerInput = Width;

    /// <summary>The most rows that one kernel call multiplies; activations are interleaved in blocks of up to as many.</summary>
    public const int MaximumRows = 8;

    /// <summary>Panels of a matrix; the last one is filled up with zeros.</summary>
    public static int Count(int outputs) => (outputs + Width - 1) / Width;

    /// <summary>Bytes of one panel.</summary>
    public static long Bytes(PanelKind kind, int inputs) => kind switch
    {
        PanelKind.Full => inputs * (long)Float32Weights.BytesPerInput,
        PanelKind.Brain or PanelKind.Small => inputs * (long)BFloat16Weights.BytesPerInput,
        _ => ((inputs + 1L) / 2 * 2 * BytesPerInput) + (GroupCount(inputs) * ScaleBytes),
    };

    /// <summary>Bytes of a group's scales, which stand before its weights: bfloat16, arranged as bfloat16 weights are.</summary>
    public const int ScaleBytes = BFloat16Weights.BytesPerInput;

    /// <summary>Groups of inputs with scales of their own; the last may be shorter.</summary>
    public static int GroupCount(int inputs) => (inputs + GroupLength - 1) / GroupLength;

    /// <summary>Rows of the block that starts where this many rows remain: 8, 4, 2 or 1.</summary>
    public static int BlockRows(int remaining) => remaining >= 8 ? 8 : remaining >= 4 ? 4 : remaining >= 2 ? 2 : 1;
}
