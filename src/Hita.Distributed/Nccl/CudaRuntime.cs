using System.Runtime.InteropServices;
using Hita.Distributed.Collectives;

namespace Hita.Distributed.Nccl;

/// <summary>The few functions of CUDA's runtime that exchanging a GPU's memory takes.</summary>
internal sealed unsafe class CudaRuntime
{
    private const uint NonBlocking = 1;
    private const uint WithoutTiming = 2;
    private const int NotReady = 600;
    private static readonly string[] Names = ["libcudart.so.12", "libcudart.so.13", "libcudart.so.11.0", "libcudart.so"];

    private readonly delegate* unmanaged[Cdecl]<int, int> _setDevice;
    private readonly delegate* unmanaged[Cdecl]<nint*, uint, int> _createStream;
    private readonly delegate* unmanaged[Cdecl]<nint*, uint, int> _createEvent;
    private readonly delegate* unmanaged[Cdecl]<nint, nint, int> _record;
    private readonly delegate* unmanaged[Cdecl]<nint, nint, uint, int> _streamWaits;
    private readonly delegate* unmanaged[Cdecl]<nint, int> _query;
    private readonly delegate* unmanaged[Cdecl]<nint, int> _destroyEvent;

    private CudaRuntime(nint library)
    {
        _setDevice = (delegate* unmanaged[Cdecl]<int, int>)NativeLibrary.GetExport(library, "cudaSetDevice");
        _createStream = (delegate* unmanaged[Cdecl]<nint*, uint, int>)NativeLibrary.GetExport(library, "cudaStreamCreateWithFlags");
        _createEvent = (delegate* unmanaged[Cdecl]<nint*, uint, int>)NativeLibrary.GetExport(library, "cudaEventCreateWithFlags");
        _record = (delegate* unmanaged[Cdecl]<nint, nint, int>)NativeLibrary.GetExport(library, "cudaEventRecord");
        _streamWaits = (delegate* unmanaged[Cdecl]<nint, nint, uint, int>)NativeLibrary.GetExport(library, "cudaStreamWaitEvent");
        _query = (delegate* unmanaged[Cdecl]<nint, int>)NativeLibrary.GetExport(library, "cudaEventQuery");
        _destroyEvent = (delegate* unmanaged[Cdecl]<nint, int>)NativeLibrary.GetExport(library, "cudaEventDestroy");
    }

    /// <summary>Loads it; null where there is none.</summary>
    public static CudaRuntime? Find()
    {
        foreach (var name in Names)
        {
            if (NativeLibrary.TryLoad(name, out var library))
                return new CudaRuntime(library);
        }
        return null;
    }

    /// <summary>Chooses the GPU of the calling thread.</summary>
    public void UseDevice(int device) => Check(_setDevice(device), "cudaSetDevice");

    /// <summary>A stream that runs beside the tensor library's.</summary>
    public nint CreateStream()
    {
        nint stream;
        Check(_createStream(&stream, NonBlocking), "cudaStreamCreateWithFlags");
        return stream;
    }

    /// <summary>A mark in a stream after all that was given to it so far; 0 is the tensor library's stream.</summary>
    public nint Mark(nint stream)
    {
        nint mark;
        Check(_createEvent(&mark, WithoutTiming), "cudaEventCreateWithFlags");
        Check(_record(mark, stream), "cudaEventRecord");
        return mark;
    }

    /// <summary>Lets what a stream gets from now on begin after a mark.</summary>
    public void After(nint stream, nint mark) => Check(_streamWaits(stream, mark, 0), "cudaStreamWaitEvent");

    /// <summary>Whether all before a mark is done.</summary>
    public bool IsReached(nint mark)
    {
        var code = _query(mark);
        if (code == NotReady)
            return false;
        Check(code, "cudaEventQuery");
        return true;
    }

    /// <summary>Frees a mark.</summary>
    public void Free(nint mark) => _ = _destroyEvent(mark);

    private static void Check(int code, string function)
    {
        if (code != 0)
            throw new GroupException($"CUDA failed in {function} with error {code}.");
    }
}
