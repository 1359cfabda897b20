using Hita.Distributed.Collectives;
using Hita.Distributed.Launching;

namespace Hita.Distributed.Mpi;

/// <summary>Collectives of an MPI library over all ranks, in memory of the host.</summary>
internal sealed unsafe class MpiCollectives : ICollectives
{
    // Counts of MPI are 32-bit numbers; pieces of this many elements also keep the memory of the library small.
    private const long Piece = 1 << 26;

    private readonly MpiLibrary _library;
    private readonly MpiConstants _names;
    private readonly CollectiveThread _thread;
    private readonly PatientPoll _poll;
    private Functions _functions;
    private readonly MpiSums _sums;
    private nint _bfloat16Sum;
    private nint _bfloat16Max;

    private MpiCollectives(MpiLibrary library, GroupFault fault, TimeSpan limit)
    {
        (_library, _names) = (library, library.Constants);
        _thread = new CollectiveThread("MPI", fault);
        _poll = new PatientPoll(fault, limit);
        _sums = new MpiSums(this);
    }

    public int Rank { get; private set; }

    public int Size { get; private set; }

    public bool OnDevice => false;

    public string Description { get; private set; } = "MPI";

    /// <summary>Joins the other ranks.</summary>
    /// <param name="launched">What the launcher says.</param>
    /// <param name="fault">Where faults are noted.</param>
    /// <param name="limit">How long an operation may take.</param>
    /// <exception cref="GroupException">There is no library, it fails, or it knows of other ranks than the launcher.</exception>
    public static MpiCollectives Join(LaunchEnvironment launched, GroupFault fault, TimeSpan limit)
    {
        var library = MpiLibrary.Load(MpiSearch.For(launched));
        var joined = new MpiCollectives(library, fault, limit);
        joined._thread.Post(joined.Start).Wait();
        if (joined.Size != launched.Size)
            throw new GroupException($"{launched.SizeVariable} says {launched.Size} ranks, and the MPI library '{library.Name}' ({joined.Description}) knows of {joined.Size}: {Way(launched, library)}.");
        if (joined.Rank != launched.Rank)
            throw new GroupException($"{launched.Launcher} says that this is rank {launched.Rank}, and the MPI library '{library.Name}' says {joined.Rank}: the launcher and the library are of different installations; name the launcher's library with {MpiSearch.Variable}.");
        return joined;
    }

    public PendingCollective Barrier() => _thread.Post(() => Do("MPI_Ibarrier", request => _functions.Barrier(_names.World, request)));

    public PendingCollective Broadcast(nint data, long count, ElementType type, int root)
    {
        var bytes = count * type.Size();
        return _thread.Post(() => InPieces(bytes, (first, length) => Do("MPI_Ibcast", request =>
            _functions.Broadcast(data + (nint)first, length, _names.Byte, root, _names.World, request))));
    }

    public PendingCollective AllReduce(nint data, long count, ElementType type, Reduction reduction) =>
        _thread.Post(() => InPieces(count, (first, length) => Do("MPI_Iallreduce", request => _functions.AllReduce(
            _names.InPlace, data + (nint)(first * type.Size()), length, TypeOf(type), OperationOf(type, reduction), _names.World, request))));

    public PendingCollective ReduceScatter(nint data, nint part, long count, ElementType type) =>
        _thread.Post(() => _sums.ReduceScatter(data, part, count, type));

    public PendingCollective AllGather(nint part, nint data, long count, ElementType type)
    {
        var bytes = count * type.Size();
        return _thread.Post(() => Do("MPI_Iallgather", request => _functions.AllGather(
            part == data + (nint)(Rank * bytes) ? _names.InPlace : part, Whole(bytes), _names.Byte, data, Whole(bytes), _names.Byte, _names.World, request)));
    }

    public PendingCollective Gather(nint part, nint data, IReadOnlyList<long> counts, ElementType type, int root)
    {
        int[] lengths = [.. counts.Select(Whole)];
        var places = new int[Size];
        for (var rank = 1; rank < Size; rank++)
            places[rank] = Whole((long)places[rank - 1] + lengths[rank - 1]);
        return _thread.Post(() =>
        {
            fixed (int* length = lengths, place = places)
            {
                var (allLengths, allPlaces) = ((nint)length, (nint)place);
                Do("MPI_Igatherv", request => _functions.Gather(part, lengths[Rank], TypeOf(type), data, allLengths, allPlaces, TypeOf(type), root, _names.World, request));
            }
        });
    }

    public void Close() => _thread.Post(_library.Finish).Wait();

    public void Dispose() => _thread.Dispose();

    /// <summary>Exchanges values between every two ranks, and waits. On the library's thread alone.</summary>
    /// <param name="from">What this rank gives.</param>
    /// <param name="to">Where it gets what the others give.</param>
    /// <param name="type">What the values are.</param>
    /// <param name="exchange">How much, and from where to where.</param>
    internal void AllToAll(nint from, nint to, ElementType type, AllToAllCounts exchange)
    {
        fixed (int* counts = exchange.Counts, sources = exchange.Sources, arrivals = exchange.Arrivals, targets = exchange.Targets)
        {
            var (sent, places, received, goals) = ((nint)counts, (nint)sources, (nint)arrivals, (nint)targets);
            Do("MPI_Ialltoallv", request => _functions.AllToAll(
                from, sent, places, TypeOf(type), to, received, goals, TypeOf(type), _names.World, request));
        }
    }

    private void Start()
    {
        (Rank, Size) = _library.Start();
        Description = _library.ReadVersion();
        _functions = new Functions(_library);
        _bfloat16Sum = CreateOperation(BFloat16Reduction.Sum);
        _bfloat16Max = CreateOperation(BFloat16Reduction.Max);
    }

    private nint CreateOperation(nint function)
    {
        const int Commutes = 1;
        nint operation = 0;
        _library.Check(((delegate* unmanaged[Cdecl]<nint, int, nint*, int>)_library.Export("MPI_Op_create"))(function, Commutes, &operation), "MPI_Op_create");
        return operation;
    }

    private static void InPieces(long count, Action<long, int> work)
    {
        for (long first = 0; first < count; first += Piece)
            work(first, (int)Math.Min(Piece, count - first));
    }

    // A request is a pointer or a number of 32 bits; both fit where it is kept.
    private void Do(string function, Func<nint, int> begin)
    {
        nint request = 0;
        var place = (nint)(&request);
        _library.Check(begin(place), function);
        _poll.Wait(() => IsDone(place), function);
    }

    private bool IsDone(nint request)
    {
        var flag = 0;
        _library.Check(_functions.Test(request, &flag, _names.IgnoreStatus), "MPI_Test");
        return flag != 0;
    }

    private nint TypeOf(ElementType type) => type switch
    {
        ElementType.Byte => _names.Byte,
        ElementType.Float32 => _names.Float32,
        ElementType.BFloat16 => _names.UInt16,
        _ => _names.Int64,
    };

    private nint OperationOf(ElementType type, Reduction reduction) => (type, reduction) switch
    {
        (ElementType.Byte, _) => throw new ArgumentException("Bytes are not numbers.", nameof(type)),
        (ElementType.BFloat16, Reduction.Sum) => _bfloat16Sum,
        (ElementType.BFloat16, _) => _bfloat16Max,
        (_, Reduction.Sum) => _names.Sum,
        _ => _names.Max,
    };

    internal static int Whole(long count) => count <= int.MaxValue
        ? (int)count
        : throw new ArgumentOutOfRangeException(nameof(count), count, "An operation has at most 2³¹ − 1 values.");

    private static string Way(LaunchEnvironment launched, MpiLibrary library) => launched.SizeVariable == "WORLD_SIZE"
        ? "variables alone bring no ranks together; start them with 'mpirun -n " + launched.Size + "' or srun"
        : $"the library '{library.Name}' is not the launcher's own; name that one with {MpiSearch.Variable}, or with Slurm choose the right --mpi";

    // What is called while training.
    private readonly struct Functions(MpiLibrary library)
    {
        private readonly delegate* unmanaged[Cdecl]<nint, nint, int> _barrier = (delegate* unmanaged[Cdecl]<nint, nint, int>)library.Export("MPI_Ibarrier");
        private readonly delegate* unmanaged[Cdecl]<nint, int, nint, int, nint, nint, int> _broadcast =
            (delegate* unmanaged[Cdecl]<nint, int, nint, int, nint, nint, int>)library.Export("MPI_Ibcast");
        private readonly delegate* unmanaged[Cdecl]<nint, nint, int, nint, nint, nint, nint, int> _allReduce =
            (delegate* unmanaged[Cdecl]<nint, nint, int, nint, nint, nint, nint, int>)library.Export("MPI_Iallreduce");
        private readonly delegate* unmanaged[Cdecl]<nint, nint, nint, nint, nint, nint, nint, nint, nint, nint, int> _allToAll =
            (delegate* unmanaged[Cdecl]<nint, nint, nint, nint, nint, nint, nint, nint, nint, nint, int>)library.Export("MPI_Ialltoallv");
        private readonly delegate* unmanaged[Cdecl]<nint, int, nint, nint, nint, nint, nint, int, nint, nint, int> _gather =
            (delegate* unmanaged[Cdecl]<nint, int, nint, nint, nint, nint, nint, int, nint, nint, int>)library.Export("MPI_Igatherv");
        private readonly delegate* unmanaged[Cdecl]<nint, int, nint, nint, int, nint, nint, nint, int> _allGather =
            (delegate* unmanaged[Cdecl]<nint, int, nint, nint, int, nint, nint, nint, int>)library.Export("MPI_Iallgather");
        private readonly delegate* unmanaged[Cdecl]<nint, int*, nint, int> _test = (delegate* unmanaged[Cdecl]<nint, int*, nint, int>)library.Export("MPI_Test");

        public int Barrier(nint world, nint request) => _barrier(world, request);

        public int Broadcast(nint data, int count, nint type, int root, nint world, nint request) => _broadcast(data, count, type, root, world, request);

        public int AllReduce(nint from, nint to, int count, nint type, nint operation, nint world, nint request) =>
            _allReduce(from, to, count, type, operation, world, request);

        public int AllToAll(nint from, nint counts, nint sources, nint type, nint to, nint arrivals, nint targets, nint toType, nint world, nint request) =>
            _allToAll(from, counts, sources, type, to, arrivals, targets, toType, world, request);

        public int Gather(nint from, int count, nint type, nint to, nint counts, nint places, nint toType, int root, nint world, nint request) =>
            _gather(from, count, type, to, counts, places, toType, root, world, request);

        public int AllGather(nint from, int fromCount, nint fromType, nint to, int toCount, nint toType, nint world, nint request) =>
            _allGather(from, fromCount, fromType, to, toCount, toType, world, request);

        public int Test(nint request, int* flag, nint status) => _test(request, flag, status);
    }
}
