namespace Hita.Generation.Engine.Threads;

/// <summary>
/// Who does which piece of a phase. Every member has a run of neighbouring pieces, so that it reads memory in one stream, and
/// takes others' pieces once its own are done, so that a member that lost its processor does not hold up the rest.
/// </summary>
internal sealed class TaskShares
{
    // A cache line and its neighbour, which processors fetch together, for each counter.
    private const int Stride = 128 / sizeof(int);

    private readonly int _members;
    private readonly int[] _phases;

    // Two sets in turn: one is used while the other, which nobody looks at any more, is made ready for the next phase.
    private readonly int[][] _taken;

    public TaskShares(int members)
    {
        _members = members;
        _phases = new int[members * Stride];
        _taken = [new int[members * Stride], new int[members * Stride]];
    }

    /// <summary>Makes a member's run of the next phase ready. Comes before a meeting of all members.</summary>
    public void Advance(int member)
    {
        var phase = ++_phases[member * Stride];
        Volatile.Write(ref _taken[phase & 1][member * Stride], 0);
    }

    /// <summary>Takes the next piece.</summary>
    /// <param name="member">Who asks.</param>
    /// <param name="pieces">Pieces of the whole phase.</param>
    /// <param name="piece">The piece.</param>
    /// <returns>False where none is left.</returns>
    public bool TryClaim(int member, int pieces, out int piece)
    {
        var taken = _taken[_phases[member * Stride] & 1];
        for (var i = 0; i < _members; i++)
        {
            var owner = member + i < _members ? member + i : member + i - _members;
            var first = (int)((long)pieces * owner / _members);
            var count = (int)((long)pieces * (owner + 1) / _members) - first;
            ref var counter = ref taken[owner * Stride];
            if (Volatile.Read(ref counter) >= count)
                continue;
            var index = Interlocked.Increment(ref counter) - 1;
            if (index < count)
            {
                piece = first + index;
                return true;
            }
        }
        piece = -1;
        return false;
    }

    /// <summary>Forgets everything. No member may be at work.</summary>
    public void Reset()
    {
        Array.Clear(_phases);
        Array.Clear(_taken[0]);
        Array.Clear(_taken[1]);
    }
}
