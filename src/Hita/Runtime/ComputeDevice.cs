using System.Globalization;
using static TorchSharp.torch;

namespace Hita.Runtime;

/// <summary>Where the tensor library computes.</summary>
public static class ComputeDevice
{
    /// <summary>Finds a device by name.</summary>
    /// <param name="name"><c>cpu</c>, <c>cuda</c> or <c>cuda:1</c>.</param>
    /// <exception cref="HitaException">The name is none of these, or this machine has no such device.</exception>
    public static Device Parse(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (name == "cpu")
            return CPU;
        var parts = name.Split(':');
        var index = 0;
        if (parts[0] != "cuda" || parts.Length > 2 ||
            (parts.Length == 2 && !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out index)))
        {
            throw new HitaException($"'{name}' is no device: cpu, cuda and cuda:N are possible.");
        }
        if (!cuda.is_available())
            throw new HitaException($"There is no CUDA device for '{name}', or this libtorch is for the CPU only; 'hita doctor' says which libtorch is used.");
        if (index >= cuda.device_count())
            throw new HitaException($"There is no device '{name}': this machine has {cuda.device_count()} CUDA device(s), counted from 0.");
        return new Device(TorchSharp.DeviceType.CUDA, index);
    }
}

/// <summary>The type in which a model's weights are kept and multiplied.</summary>
public enum Precision
{
    /// <summary>32-bit floats: exact, the reference.</summary>
    Float32,

    /// <summary>16-bit brain floats: half the memory, about three digits.</summary>
    BFloat16,

    /// <summary>8-bit integers with scales; the CPU engine of the generator only.</summary>
    Int8,
}
