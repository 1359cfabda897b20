using System.Runtime.InteropServices;
using System.Text;
using Hita.Distributed.Collectives;

namespace Hita.Distributed.Mpi;

/// <summary>An MPI library that is loaded. Its functions may be called from one thread only, the one that called <see cref="Start"/>.</summary>
internal sealed unsafe partial class MpiLibrary
{
    private readonly nint _library;
    private readonly delegate* unmanaged[Cdecl]<int, byte*, int*, int> _errorText;

    private MpiLibrary(string name, nint library)
    {
        (Name, _library) = (name, library);
        Flavour = FlavourOf(library);
        Constants = Flavour switch
        {
            MpiFlavour.OpenMpi => MpiConstants.OpenMpi(Export),
            MpiFlavour.StandardAbi => MpiConstants.StandardAbi,
            _ => MpiConstants.Mpich,
        };
        _errorText = (delegate* unmanaged[Cdecl]<int, byte*, int*, int>)Export("MPI_Error_string");
    }

    /// <summary>The name it was loaded by.</summary>
    public string Name { get; }

    /// <summary>How its constants look.</summary>
    public MpiFlavour Flavour { get; }

    /// <summary>Its constants.</summary>
    public MpiConstants Constants { get; }

    /// <summary>Loads a library.</summary>
    /// <param name="search">Where to look.</param>
    /// <exception cref="GroupException">There is none, or one that is not usable.</exception>
    public static MpiLibrary Load(MpiSearch search)
    {
        foreach (var name in search.Candidates)
        {
            if (!NativeLibrary.TryLoad(name, out var library))
                continue;
            if (!NativeLibrary.TryGetExport(library, "MPI_Init_thread", out _))
                throw new GroupException($"'{name}' is not an MPI library: it has no function MPI_Init_thread; name another one with {MpiSearch.Variable}.");
            return new MpiLibrary(name, library);
        }
        throw new GroupException(search.Absence);
    }

    /// <summary>What the library says it is: one line, as Open MPI v4.1.4. May be asked before <see cref="Start"/>.</summary>
    public string ReadVersion()
    {
        // The longest text that any of the libraries promises to stay below.
        var text = new byte[8192];
        int length;
        fixed (byte* start = text)
            _ = ((delegate* unmanaged[Cdecl]<byte*, int*, int>)Export("MPI_Get_library_version"))(start, &length);
        var line = Encoding.UTF8.GetString(text).TrimEnd('\0').Split('\n', '\0')[0].Trim();
        // "Open MPI v4.1.4, package: …" and "MPICH Version:	4.0.2".
        return string.Join(' ', line.Split(',')[0].Replace("Version:", "", StringComparison.Ordinal).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
    }

    /// <summary>Joins the other ranks.</summary>
    /// <exception cref="GroupException">The library fails.</exception>
    public (int Rank, int Size) Start()
    {
        KeepFaultsOfTheRuntime();
        int provided, rank, size;
        Check(((delegate* unmanaged[Cdecl]<int*, byte***, int, int*, int>)Export("MPI_Init_thread"))(null, null, Constants.Funneled, &provided), "MPI_Init_thread");
        Check(((delegate* unmanaged[Cdecl]<nint, nint, int>)Export("MPI_Comm_set_errhandler"))(Constants.World, Constants.ErrorsReturn), "MPI_Comm_set_errhandler");
        Check(((delegate* unmanaged[Cdecl]<nint, int*, int>)Export("MPI_Comm_rank"))(Constants.World, &rank), "MPI_Comm_rank");
        Check(((delegate* unmanaged[Cdecl]<nint, int*, int>)Export("MPI_Comm_size"))(Constants.World, &size), "MPI_Comm_size");
        CheckSizes();
        return (rank, size);
    }

    /// <summary>Leaves the other ranks; each of them has to.</summary>
    public void Finish() => Check(((delegate* unmanaged[Cdecl]<int>)Export("MPI_Finalize"))(), "MPI_Finalize");

    /// <summary>The address of a function or variable.</summary>
    /// <exception cref="GroupException">The library has none of the name.</exception>
    public nint Export(string name) => NativeLibrary.TryGetExport(_library, name, out var address)
        ? address
        : throw new GroupException($"The MPI library '{Name}' has no {name}: it is older than MPI 3, or of a kind that is not known here; name another one with {MpiSearch.Variable}.");

    /// <summary>Throws what the library says of an error.</summary>
    /// <param name="code">What a function returned.</param>
    /// <param name="function">The function.</param>
    public void Check(int code, string function)
    {
        if (code == 0)
            return;
        var text = new byte[1024];
        int length;
        fixed (byte* start = text)
            _ = _errorText(code, start, &length);
        throw new GroupException($"The MPI library '{Name}' failed in {function}: {Encoding.UTF8.GetString(text).TrimEnd('\0').Split('\0')[0]}.");
    }

    private static MpiFlavour FlavourOf(nint library) =>
        NativeLibrary.TryGetExport(library, "ompi_mpi_comm_world", out _) ? MpiFlavour.OpenMpi
        // MPICH's ordinary library has the function as well, with its own numbers; there is a second library for the others.
        : NativeLibrary.TryGetExport(library, "MPI_Abi_get_version", out _) && !NativeLibrary.TryGetExport(library, "MPIR_Err_return_comm", out _) ? MpiFlavour.StandardAbi
        : MpiFlavour.Mpich;

    // Constants of another library than this one would corrupt memory later on.
    private void CheckSizes()
    {
        var sizeOf = (delegate* unmanaged[Cdecl]<nint, int*, int>)Export("MPI_Type_size");
        foreach (var (type, expected) in (ReadOnlySpan<(nint, int)>)[(Constants.Byte, 1), (Constants.UInt16, 2), (Constants.Float32, 4), (Constants.Int64, 8)])
        {
            int size;
            if (sizeOf(type, &size) != 0 || size != expected)
                throw new GroupException($"The MPI library '{Name}' ({ReadVersion()}) numbers its types in another way than {Flavour} does; name another library with {MpiSearch.Variable}.");
        }
    }

    // Open MPI prints a stack and ends the process on signals by which the runtime learns of null references.
    private static void KeepFaultsOfTheRuntime()
    {
        const string Signals = "OMPI_MCA_opal_signal";
        const string Abort = "6";
        if (!OperatingSystem.IsWindows() && Environment.GetEnvironmentVariable(Signals) is null)
            _ = SetVariable(Signals, Abort, 0);
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetVariable(string name, string value, int overwrite);
}
