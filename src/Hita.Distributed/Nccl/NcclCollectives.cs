using System.Runtime.InteropServices;
using Hita.Distributed.Collectives;

namespace Hita.Distributed.Nccl;

/// <summary>
/// Collectives of NCCL over all ranks, in memory of each rank's GPU. They run on a stream of their own, after what the tensor library was
/// given before, so that it goes on computing meanwhile.
/// </summary>
internal sealed unsafe class NcclCollectives : ICollectives
{
    private readonly NcclLibrary _library;
    private readonly CudaRuntime _cuda;
    private readonly CollectiveThread _thread;
    private readonly PatientPoll _poll;
    private readonly int _device;
    private nint _communicator;
    private nint _stream;

    private NcclCollectives(NcclLibrary library, CudaRuntime cuda, ICollectives host, int device, GroupFault fault, TimeSpan limit)
    {
        (_library, _cuda, _device, Rank, Size) = (library, cuda, device, host.Rank, host.Size);
        _thread = new CollectiveThread("NCCL", fault);
        _poll = new PatientPoll(fault, limit);
    }

    public int Rank { get; }

    public int Size { get; }

    public bool OnDevice => true;

    public string Description => $"NCCL {_library.Version}";

    /// <summary>Joins the other ranks' GPUs.</summary>
    /// <param name="host">Brings the ranks together, and tells them rank 0's identifier.</param>
    /// <param name="device">The GPU of this rank.</param>
    /// <param name="fault">Where faults are noted.</param>
    /// <param name="limit">How long an operation may take.</param>
    /// <returns>Null where a rank has no NCCL.</returns>
    /// <exception cref="GroupException">NCCL fails, for example because two ranks have the same GPU.</exception>
    public static NcclCollectives? Join(ICollectives host, int device, GroupFault fault, TimeSpan limit)
    {
        var (library, cuda) = (NcclLibrary.Find(), CudaRuntime.Find());
        // All ranks or none: those without would wait for ever.
        long missing = library is null || cuda is null ? 1 : 0;
        host.AllReduce((nint)(&missing), 1, ElementType.Int64, Reduction.Max).Wait();
        if (missing > 0)
            return null;
        var joined = new NcclCollectives(library!, cuda!, host, device, fault, limit);
        joined.Start(host);
        return joined;
    }

    public PendingCollective Barrier() => throw new NotSupportedException("Ranks wait for each other on the host.");

    public PendingCollective Broadcast(nint data, long count, ElementType type, int root) => Post(
        "ncclBroadcast",
        () => ((delegate* unmanaged[Cdecl]<nint, nint, nuint, int, int, nint, nint, int>)_library.Export("ncclBroadcast"))(
            data, data, (nuint)count, TypeOf(type), root, _communicator, _stream));

    public PendingCollective AllReduce(nint data, long count, ElementType type, Reduction reduction) => Post(
        "ncclAllReduce",
        () => ((delegate* unmanaged[Cdecl]<nint, nint, nuint, int, int, nint, nint, int>)_library.Export("ncclAllReduce"))(
            data, data, (nuint)count, TypeOf(type), OperationOf(reduction), _communicator, _stream));

    public PendingCollective ReduceScatter(nint data, nint part, long count, ElementType type) => Post(
        "ncclReduceScatter",
        () => ((delegate* unmanaged[Cdecl]<nint, nint, nuint, int, int, nint, nint, int>)_library.Export("ncclReduceScatter"))(
            data, part, (nuint)count, TypeOf(type), OperationOf(Reduction.Sum), _communicator, _stream));

    public PendingCollective AllGather(nint part, nint data, long count, ElementType type) => Post(
        "ncclAllGather",
        () => ((delegate* unmanaged[Cdecl]<nint, nint, nuint, int, nint, nint, int>)_library.Export("ncclAllGather"))(
            part, data, (nuint)count, TypeOf(type), _communicator, _stream));

    public PendingCollective Gather(nint part, nint data, IReadOnlyList<long> counts, ElementType type, int root) =>
        throw new NotSupportedException("Parts of the state are gathered on the host.");

    public void Close() => _thread.Post(() => Check(((delegate* unmanaged[Cdecl]<nint, int>)_library.Export("ncclCommDestroy"))(_communicator), "ncclCommDestroy")).Wait();

    public void Dispose() => _thread.Dispose();

    private void Start(ICollectives host)
    {
        UniqueId id = default;
        if (Rank == 0)
            Check(((delegate* unmanaged[Cdecl]<UniqueId*, int>)_library.Export("ncclGetUniqueId"))(&id), "ncclGetUniqueId");
        host.Broadcast((nint)(&id), sizeof(UniqueId), ElementType.Byte, 0).Wait();
        var known = id;
        _thread.Post(() =>
        {
            _cuda.UseDevice(_device);
            nint communicator;
            Check(((delegate* unmanaged[Cdecl]<nint*, int, UniqueId, int, int>)_library.Export("ncclCommInitRank"))(&communicator, Size, known, Rank), "ncclCommInitRank");
            (_communicator, _stream) = (communicator, _cuda.CreateStream());
        }).Wait();
    }

    private PendingCollective Post(string function, Func<int> begin)
    {
        // On the caller's thread: what it has given to the tensor library's stream so far is what the values depend on.
        var computed = _cuda.Mark(0);
        return _thread.Post(() =>
        {
            _cuda.After(_stream, computed);
            Check(begin(), function);
            var done = _cuda.Mark(_stream);
            _poll.Wait(() => _cuda.IsReached(done), function);
            _cuda.Free(computed);
            _cuda.Free(done);
        });
    }

    private void Check(int code, string function)
    {
        if (code == 0)
            return;
        var text = ((delegate* unmanaged[Cdecl]<int, byte*>)_library.Export("ncclGetErrorString"))(code);
        throw new GroupException($"NCCL failed in {function}: {Marshal.PtrToStringUTF8((nint)text)}; each rank of a machine needs a GPU of its own, and NCCL_DEBUG=WARN tells more.");
    }

    private static int TypeOf(ElementType type) => type switch
    {
        ElementType.Byte => 1,
        ElementType.Int64 => 4,
        ElementType.Float32 => 7,
        _ => 9,
    };

    private static int OperationOf(Reduction reduction) => reduction == Reduction.Sum ? 0 : 2;

    // Passed by value, as NCCL wants it.
    [StructLayout(LayoutKind.Sequential, Size = 128)]
    private struct UniqueId
    {
    }
}
