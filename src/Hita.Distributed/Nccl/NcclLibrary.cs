using System.Globalization;
using System.Runtime.InteropServices;
using Hita.Distributed.Collectives;

namespace Hita.Distributed.Nccl;

/// <summary>NCCL, as a library of its own or inside the tensor library, with the functions of CUDA that go with it.</summary>
internal sealed unsafe class NcclLibrary
{
    /// <summary>The environment variable that names the library.</summary>
    public const string Variable = "HITA_NCCL";

    private readonly nint _library;

    private NcclLibrary(string name, nint library, int version) => (Name, _library, Version) = (name, library, Text(version));

    /// <summary>The name it was loaded by.</summary>
    public string Name { get; }

    /// <summary>Its version, as 2.21.5.</summary>
    public string Version { get; }

    /// <summary>Loads it; null where there is none.</summary>
    public static NcclLibrary? Find()
    {
        string[] names = Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named ? [named]
            : OperatingSystem.IsLinux() ? ["libnccl.so.2", "libtorch_cuda.so"]
            : [];
        foreach (var name in names)
        {
            if (!NativeLibrary.TryLoad(name, out var library) || !NativeLibrary.TryGetExport(library, "ncclGetVersion", out var function))
                continue;
            int version;
            if (((delegate* unmanaged[Cdecl]<int*, int>)function)(&version) == 0)
                return new NcclLibrary(name, library, version);
        }
        return null;
    }

    /// <summary>The address of a function.</summary>
    /// <exception cref="GroupException">There is none of the name.</exception>
    public nint Export(string name) => NativeLibrary.TryGetExport(_library, name, out var address)
        ? address
        : throw new GroupException($"The NCCL library '{Name}' has no {name}; name another one with {Variable}.");

    // From 2.9 on the number has five digits.
    private static string Text(int version)
    {
        var scale = version < 10000 ? 1000 : 10000;
        return string.Create(CultureInfo.InvariantCulture, $"{version / scale}.{version % scale / 100}.{version % 100}");
    }
}
