using System.Runtime.ExceptionServices;
using Hita.Imaging;

namespace Hita.Data;

/// <summary>A batch in the making. Each of its places is filled by one thread; the last one to finish completes it.</summary>
internal sealed class PendingBatch(int epoch, int number, int start, int count, EpochOrder? order, BatchMemory memory)
{
    private readonly List<(int Place, int Attempt, string Message)> _faults = [];
    private int _open = count;

    public int Epoch { get; } = epoch;

    public int Number { get; } = number;

    /// <summary>Places in the epoch's order, of which the first is this.</summary>
    public int Start { get; } = start;

    public int Count { get; } = count;

    /// <summary>The epoch's order; null for the source's own.</summary>
    public EpochOrder? Order { get; } = order;

    public BatchMemory Memory { get; } = memory;

    /// <summary>What cannot be worked around, thrown where the batch is asked for.</summary>
    public ExceptionDispatchInfo? Error { get; private set; }

    public bool IsComplete => Volatile.Read(ref _open) == 0;

    /// <summary>What could not be read, in the order of places, whichever thread came first.</summary>
    public IReadOnlyList<string> Faults => [.. _faults.OrderBy(static f => f.Place).ThenBy(static f => f.Attempt).Select(static f => f.Message)];

    public void Put(int place, int index, int label, Image square)
    {
        square.Pixels.CopyTo(Memory.Pixels.AsSpan(place * square.Pixels.Length));
        Memory.Labels[place] = label;
        Memory.Indices[place] = index;
    }

    /// <summary>Leaves a place without an image.</summary>
    public void LeaveOut(int place) => Memory.Indices[place] = -1;

    public void AddFault(int place, int attempt, string message)
    {
        lock (_faults)
            _faults.Add((place, attempt, message));
    }

    public void Fail(Exception error)
    {
        lock (_faults)
            Error ??= ExceptionDispatchInfo.Capture(error);
    }

    /// <summary>Notes that a place is done.</summary>
    /// <returns>Whether it was the last.</returns>
    public bool Finish() => Interlocked.Decrement(ref _open) == 0;

    /// <summary>Moves the images together where places were left out.</summary>
    /// <param name="imageBytes">Bytes of an image.</param>
    /// <returns>How many images there are.</returns>
    public int Compact(int imageBytes)
    {
        var kept = 0;
        for (var place = 0; place < Count; place++)
        {
            if (Memory.Indices[place] < 0)
                continue;
            if (kept < place)
            {
                Memory.Pixels.AsSpan(place * imageBytes, imageBytes).CopyTo(Memory.Pixels.AsSpan(kept * imageBytes));
                (Memory.Labels[kept], Memory.Indices[kept]) = (Memory.Labels[place], Memory.Indices[place]);
            }
            kept++;
        }
        return kept;
    }
}
