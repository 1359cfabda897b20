namespace Hita.Distributed.Collectives;

/// <summary>A group of one: everything is what it is already.</summary>
internal sealed unsafe class SingleProcess : ICollectives
{
    public int Rank => 0;

    public int Size => 1;

    public bool OnDevice => false;

    public string Description => "one process";

    public PendingCollective Barrier() => PendingCollective.Completed;

    public PendingCollective Broadcast(nint data, long count, ElementType type, int root) => PendingCollective.Completed;

    public PendingCollective AllReduce(nint data, long count, ElementType type, Reduction reduction) => PendingCollective.Completed;

    public PendingCollective ReduceScatter(nint data, nint part, long count, ElementType type) => Copy(data, part, count, type);

    public PendingCollective AllGather(nint part, nint data, long count, ElementType type) => Copy(part, data, count, type);

    public PendingCollective Gather(nint part, nint data, IReadOnlyList<long> counts, ElementType type, int root) => Copy(part, data, counts[0], type);

    public void Close()
    {
    }

    public void Dispose()
    {
    }

    private static PendingCollective Copy(nint from, nint to, long count, ElementType type)
    {
        var bytes = count * type.Size();
        if (from != to)
            Buffer.MemoryCopy((void*)from, (void*)to, bytes, bytes);
        return PendingCollective.Completed;
    }
}
