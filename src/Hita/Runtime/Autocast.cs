using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Hita.Runtime;

/// <summary>
/// Mixed precision on the calling thread until disposed: matrix products and convolutions take bfloat16 copies of their float32
/// inputs and weights. Losses, distances and optimisers belong outside.
/// </summary>
/// <remarks>
/// The managed package does not offer it; these are libtorch's own entry points, which take and return plain numbers. Dispose on
/// the thread that created it, in reverse order of creation.
/// </remarks>
internal sealed class Autocast : IDisposable
{
    private static readonly Lazy<EntryPoints?> Found = new(EntryPoints.Find);

    private readonly EntryPoints _native;
    private readonly sbyte _device;
    private readonly byte _wasEnabled;
    private readonly sbyte _wasType;
    private bool _disposed;

    private Autocast(EntryPoints native, sbyte device, bool enabled)
    {
        _native = native;
        _device = device;
        _wasEnabled = native.IsEnabled(device);
        _wasType = native.GetType(device);
        native.SetType(device, (sbyte)ScalarType.BFloat16);
        native.SetEnabled(device, enabled ? (byte)1 : (byte)0);
        native.Enter();
    }

    /// <summary>Whether the loaded libtorch has the entry points under the names of its usual Linux builds.</summary>
    public static bool IsAvailable => Found.Value is not null;

    /// <summary>Whether mixed precision is on for a device on the calling thread.</summary>
    public static bool IsOn(Device device) =>
        Found.IsValueCreated && Found.Value is { } native && native.IsEnabled((sbyte)device.type) != 0;

    /// <summary>Begins bfloat16 on a device.</summary>
    /// <exception cref="HitaException">The loaded libtorch does not offer it.</exception>
    public static Autocast BFloat16(Device device) => Begin(device, enabled: true);

    /// <summary>Interrupts mixed precision for what must be computed in full.</summary>
    /// <exception cref="HitaException">The loaded libtorch does not offer it.</exception>
    public static Autocast Off(Device device) => Begin(device, enabled: false);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        // The copies of the weights are kept between uses; they must not outlive the optimiser's next step.
        if (_native.Leave() == 0)
            _native.ClearCache();
        _native.SetEnabled(_device, _wasEnabled);
        _native.SetType(_device, _wasType);
    }

    private static Autocast Begin(Device device, bool enabled)
    {
        var native = Found.Value ?? throw new HitaException("Mixed precision is not offered by the loaded libtorch; train in float32, or use the Linux build.");
        return new Autocast(native, (sbyte)device.type, enabled);
    }

    private sealed unsafe class EntryPoints
    {
        private delegate* unmanaged<sbyte, byte, void> _setEnabled;
        private delegate* unmanaged<sbyte, byte> _isEnabled;
        private delegate* unmanaged<sbyte, sbyte, void> _setType;
        private delegate* unmanaged<sbyte, sbyte> _getType;
        private delegate* unmanaged<int> _enter;
        private delegate* unmanaged<int> _leave;
        private delegate* unmanaged<void> _clear;

        public static EntryPoints? Find()
        {
            // The first use of the library loads it; after that it is found by its name.
            TorchLibrary.Load();
            get_num_threads();
            foreach (var name in (string[])["libtorch_cpu.so", "torch_cpu"])
            {
                if (NativeLibrary.TryLoad(name, typeof(torch).Assembly, null, out var library) && Bind(library) is { } bound)
                    return bound;
            }
            return null;
        }

        public void SetEnabled(sbyte device, byte on) => _setEnabled(device, on);

        public byte IsEnabled(sbyte device) => _isEnabled(device);

        public void SetType(sbyte device, sbyte type) => _setType(device, type);

        public sbyte GetType(sbyte device) => _getType(device);

        public int Enter() => _enter();

        public int Leave() => _leave();

        public void ClearCache() => _clear();

        private static EntryPoints? Bind(nint library)
        {
            nint Find(string symbol) => NativeLibrary.TryGetExport(library, "_ZN2at8autocast" + symbol, out var address) ? address : 0;
            var all = new[]
            {
                Find("20set_autocast_enabledEN3c1010DeviceTypeEb"), Find("19is_autocast_enabledEN3c1010DeviceTypeE"),
                Find("18set_autocast_dtypeEN3c1010DeviceTypeENS1_10ScalarTypeE"), Find("18get_autocast_dtypeEN3c1010DeviceTypeE"),
                Find("17increment_nestingEv"), Find("17decrement_nestingEv"), Find("11clear_cacheEv"),
            };
            return Array.TrueForAll(all, static a => a != 0)
                ? new EntryPoints
                {
                    _setEnabled = (delegate* unmanaged<sbyte, byte, void>)all[0],
                    _isEnabled = (delegate* unmanaged<sbyte, byte>)all[1],
                    _setType = (delegate* unmanaged<sbyte, sbyte, void>)all[2],
                    _getType = (delegate* unmanaged<sbyte, sbyte>)all[3],
                    _enter = (delegate* unmanaged<int>)all[4],
                    _leave = (delegate* unmanaged<int>)all[5],
                    _clear = (delegate* unmanaged<void>)all[6],
                }
                : null;
        }
    }
}
