using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Hita.Training.Ranks;

/// <summary>Where tensors lie.</summary>
internal static partial class TensorMemory
{
    /// <summary>The address of a contiguous tensor's first number, in the memory of its device; valid while the tensor lives.</summary>
    public static unsafe nint AddressOf(Tensor tensor)
    {
        if (tensor.device.type == DeviceType.CPU)
        {
            // Native memory, which nothing moves.
            fixed (byte* data = tensor.bytes)
                return (nint)data;
        }
        var address = DataOf(tensor.Handle);
        GC.KeepAlive(tensor);
        return address;
    }

    // The managed package gives the addresses of the CPU's tensors alone.
    [LibraryImport("LibTorchSharp", EntryPoint = "THSTensor_data")]
    private static partial nint DataOf(nint handle);
}
