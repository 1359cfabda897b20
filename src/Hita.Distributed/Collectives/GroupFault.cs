using System.Runtime.ExceptionServices;

namespace Hita.Distributed.Collectives;

/// <summary>The first thing that went wrong between the ranks; from then on nothing of theirs can be relied on.</summary>
internal sealed class GroupFault
{
    private GroupException? _fault;

    /// <summary>The fault; null while there is none.</summary>
    public GroupException? Value => Volatile.Read(ref _fault);

    /// <summary>Whether there is one.</summary>
    public bool IsSet => Value is not null;

    /// <summary>Notes a fault; later ones are consequences of the first.</summary>
    public void Set(GroupException fault) => Interlocked.CompareExchange(ref _fault, fault, null);

    /// <summary>Throws the fault if there is one.</summary>
    public void ThrowIfSet()
    {
        if (Value is { } fault)
            ExceptionDispatchInfo.Throw(fault);
    }
}
