namespace Hita.Generation.Engine.Kernels;

/// <summary>How the numbers of a panel are kept.</summary>
internal enum PanelKind
{
    /// <summary>Float32.</summary>
    Full,

    /// <summary>The upper half of a float32.</summary>
    Brain,

    /// <summary>Signed bytes with a scale for each group of inputs.</summary>
    Bytes,

    /// <summary>Ten bits of fraction and a small range, times 2^-112 (<see cref="SmallFloat"/>): keys and values.</summary>
    Small,
}
