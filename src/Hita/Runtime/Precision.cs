using System.Text.Json.Serialization;

namespace Hita.Runtime;

/// <summary>The type in which a model's weights are kept and multiplied.</summary>
public enum Precision
{
    /// <summary>32-bit floats: exact, the reference.</summary>
    Float32,

    /// <summary>16-bit brain floats: half the memory, about three digits.</summary>
    [JsonStringEnumMemberName("bf16")]
    BFloat16,

    /// <summary>8-bit integers with scales; the CPU engine of the generator only.</summary>
    Int8,
}
