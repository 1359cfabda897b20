using System.Collections.Concurrent;

namespace Hita.Data;

/// <summary>The memory of batches that nobody uses at present.</summary>
internal sealed class BatchMemoryPool(int batchSize, int pictureBytes)
{
    private readonly ConcurrentBag<BatchMemory> _free = [];

    public BatchMemory Rent() => _free.TryTake(out var memory) ? memory : new BatchMemory(batchSize, pictureBytes);

    public void Return(BatchMemory memory) => _free.Add(memory);
}
