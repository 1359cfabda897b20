using Hita.Runtime;

namespace Hita.Generation.Engine.Kernels;

/// <summary>Which panels a precision uses.</summary>
internal static class PanelKinds
{
    /// <summary>For the matrices.</summary>
    public static PanelKind ToPanelKind(this Precision precision) => precision switch
    {
        Precision.Float32 => PanelKind.Full,
        Precision.BFloat16 => PanelKind.Brain,
        _ => PanelKind.Bytes,
    };

    /// <summary>For keys and values.</summary>
    public static PanelKind ToCacheKind(this Precision precision) =>
        precision == Precision.Float32 ? PanelKind.Full : PanelKind.Small;
}
