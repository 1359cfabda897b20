namespace Hita.Distributed.Collectives;

/// <summary>What memory holds that processes exchange.</summary>
public enum ElementType
{
    /// <summary>Bytes, which can be moved but not added up.</summary>
    Byte,

    /// <summary>float32.</summary>
    Float32,

    /// <summary>bfloat16. A sum is rounded to it each time two values are added.</summary>
    BFloat16,

    /// <summary>int64.</summary>
    Int64,
}

/// <summary>How values of all ranks become one.</summary>
public enum Reduction
{
    /// <summary>They are added.</summary>
    Sum,

    /// <summary>The largest one.</summary>
    Max,
}

/// <summary>Sizes of elements.</summary>
internal static class ElementTypes
{
    /// <summary>Bytes of an element.</summary>
    public static int Size(this ElementType type) => type switch
    {
        ElementType.Byte => 1,
        ElementType.BFloat16 => 2,
        ElementType.Float32 => 4,
        _ => 8,
    };
}
