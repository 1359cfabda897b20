namespace Hita.Generation.Engine.Kernels;

/// <summary>Which panels a precision uses.</summary>
internal static class PanelKinds
{
    /// <summary>For the matrices.</summary>
    public static PanelKind ToPanelKind(this EnginePrecision precision) => precision switch
    {
        EnginePrecision.Float32 => PanelKind.Full,
        EnginePrecision.BFloat16 => PanelKind.Brain,
        _ => PanelKind.Bytes,
    };

    /// <summary>For keys and values.</summary>
    public static PanelKind ToCacheKind(this EnginePrecision precision) =>
        precision == EnginePrecision.Float32 ? PanelKind.Full : PanelKind.Small;
}
