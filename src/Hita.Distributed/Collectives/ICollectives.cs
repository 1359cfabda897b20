namespace Hita.Distributed.Collectives;

/// <summary>
/// Operations that all ranks take part in, each in the same order with the same counts. They work on plain memory, which must stay where it
/// is until the operation is done; none waits.
/// </summary>
internal interface ICollectives : IDisposable
{
    /// <summary>The number of this process, from 0.</summary>
    int Rank { get; }

    /// <summary>How many processes there are.</summary>
    int Size { get; }

    /// <summary>Whether the memory is a GPU's.</summary>
    bool OnDevice { get; }

    /// <summary>What carries them out, for people: a library and its version.</summary>
    string Description { get; }

    /// <summary>Returns when every rank has come here.</summary>
    PendingCollective Barrier();

    /// <summary>Copies one rank's values to all.</summary>
    PendingCollective Broadcast(nint data, long count, ElementType type, int root);

    /// <summary>Replaces each value by the sum or maximum over all ranks, the same to the bit on each of them.</summary>
    PendingCollective AllReduce(nint data, long count, ElementType type, Reduction reduction);

    /// <summary>Of the sums or maxima of Size · count values each rank gets its own part of count values.</summary>
    PendingCollective ReduceScatter(nint data, nint part, long count, ElementType type, Reduction reduction);

    /// <summary>Puts the parts of all ranks, count values each, one after the other on every rank.</summary>
    PendingCollective AllGather(nint part, nint data, long count, ElementType type);

    /// <summary>Ends the work with other ranks in order. Not to be called after a fault.</summary>
    void Close();
}
