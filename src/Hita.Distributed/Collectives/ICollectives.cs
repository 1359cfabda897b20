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

    /// <summary>
    /// Of the sums of Size · count values, float32 or bfloat16, each rank gets its own part of count values. The part may be the rank's own
    /// place in the data, whose other values are not of use afterwards.
    /// </summary>
    PendingCollective ReduceScatter(nint data, nint part, long count, ElementType type);

    /// <summary>Puts the parts of all ranks, count values each, one after the other on every rank. The part may be the rank's own place in the data.</summary>
    PendingCollective AllGather(nint part, nint data, long count, ElementType type);

    /// <summary>Puts the parts of all ranks, of whatever lengths, one after the other on one rank.</summary>
    /// <param name="part">This rank's.</param>
    /// <param name="data">Where they go; not looked at on the other ranks.</param>
    /// <param name="counts">Values of each rank's part, the same on every rank.</param>
    /// <param name="type">What the values are.</param>
    /// <param name="root">The rank that gets them.</param>
    PendingCollective Gather(nint part, nint data, IReadOnlyList<long> counts, ElementType type, int root);

    /// <summary>Ends the work with other ranks in order. Not to be called after a fault.</summary>
    void Close();
}
