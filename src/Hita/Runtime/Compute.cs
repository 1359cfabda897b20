using System.Globalization;
using static TorchSharp.torch;

namespace Hita.Runtime;

/// <summary>Where and with how many threads tensors are computed.</summary>
public static class Compute
{
    /// <summary>The device of a name, checked to be there.</summary>
    /// <param name="name"><c>cpu</c>, <c>cuda</c> (the first GPU) or <c>cuda:N</c>.</param>
    /// <exception cref="HitaException">The name is none of these, or there is no such device.</exception>
    public static Device Device(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!TryParse(name, out var index))
            throw new HitaException($"There is no device '{name}'; it is cpu, cuda, or cuda:N for the GPU number N.");
        TorchLibrary.Load();
        if (index is not { } wanted)
            return CPU;

        var count = cuda.is_available() ? cuda.device_count() : 0;
        if (count == 0)
        {
            throw new HitaException(
                $"The device '{name}' cannot be used, because the loaded libtorch finds no CUDA; 'hita doctor' says how to get it.");
        }
        if (wanted >= count)
            throw new HitaException($"There is no device '{name}': this machine has {count} (cuda:0 to cuda:{count - 1}).");
        return new Device(TorchSharp.DeviceType.CUDA, wanted);
    }

    /// <summary>Whether a text is a device's name; says nothing about whether the device is there.</summary>
    /// <param name="name">The text.</param>
    public static bool IsDeviceName(string name) => TryParse(name, out _);

    /// <summary>Sets the number of threads of one tensor operation, for the whole process.</summary>
    /// <param name="count">
    /// 1 or more; null keeps the library's choice, limited to the processors that this process may use (a container's limit is
    /// unknown to the library).
    /// </param>
    public static void UseThreads(int? count)
    {
        TorchLibrary.Load();
        if (count is { } chosen)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(chosen, 1, nameof(count));
            set_num_threads(chosen);
        }
        else if (get_num_threads() > Environment.ProcessorCount)
        {
            set_num_threads(Environment.ProcessorCount);
        }
    }

    private static bool TryParse(string name, out int? cudaIndex)
    {
        cudaIndex = null;
        if (name == "cpu")
            return true;
        if (name == "cuda")
        {
            cudaIndex = 0;
            return true;
        }
        if (!name.StartsWith("cuda:", StringComparison.Ordinal) ||
            !int.TryParse(name.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out var index))
            return false;
        cudaIndex = index;
        return true;
    }
}
