using System.Collections.Concurrent;

namespace Hita.Data;

/// <summary>The memory of batches that is not in use at present.</summary>
internal sealed class BatchMemoryPool(int batchSize, int imageBytes)
{
    private readonly ConcurrentBag<BatchMemory> _free = [];

    public BatchMemory Rent() => _free.TryTake(out var memory) ? memory : new BatchMemory(batchSize, imageBytes);

    public void Return(BatchMemory memory) => _free.Add(memory);
}
