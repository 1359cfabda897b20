using System.Diagnostics;
using Hita.Checkpoints;
using Hita.Models;
using Hita.Runtime;
using Hita.Tests.Support;

namespace Hita.Tests.Checkpoints.Torch;

/// <summary>Opens files as a stranger would send them and holds what that costs to its bounds.</summary>
internal sealed class HostileFile : IDisposable
{
    private const long MaxOverhead = 4 << 20;
    private readonly TemporaryFolder _folder = new();
    private readonly byte[] _buffer = new byte[1 << 20];

    public void Dispose() => _folder.Dispose();

    /// <summary>Opens a file and reads all of it; the sentence by which it was refused, or null.</summary>
    public string? Outcome(byte[] file, out TimeSpan elapsed, out long allocated)
    {
        var path = _folder["hostile.pt"];
        File.WriteAllBytes(path, file);
        string? message = null;
        var (watch, processor) = (Stopwatch.StartNew(), Environment.CpuUsage.TotalTime);
        var before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            using var source = WeightFile.Open(path);
            foreach (var entry in source.Tensors.Values.Where(static e => e.Type != TensorType.Other))
            {
                // Read by parts: what a whole tensor costs is its honest size, which the checks have held to the file's.
                for (var at = 0L; at < entry.ByteLength; at += _buffer.Length)
                    source.ReadPart(entry.Name, at, _buffer.AsSpan(0, (int)Math.Min(_buffer.Length, entry.ByteLength - at)));
            }
            Assert.All(source.Notes, static n => Assert.EndsWith(".", n, StringComparison.Ordinal));
            ModelKinds.FittingPresets(source);
            Assert.True(source.Tensors.Values.Sum(static e => e.ByteLength) <= (2L * file.Length) + (1 << 20), "the tensors claim more than the file holds");
        }
        catch (CheckpointException e)
        {
            message = e.Message;
        }
        // A busy machine makes the clock run, not the processor's time; other tests at the same time do the opposite.
        processor = Environment.CpuUsage.TotalTime - processor;
        elapsed = watch.Elapsed < processor ? watch.Elapsed : processor;
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(30), $"it took {watch.Elapsed}");
        allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(elapsed < TimeSpan.FromSeconds(1), $"it took {elapsed}");
        Assert.True(allocated <= (2L * file.Length) + MaxOverhead, $"it allocated {allocated} bytes for a file of {file.Length}");
        if (message is not null)
        {
            Assert.EndsWith(".", message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', message);
            Assert.True(message.Length < 1000, message);
        }
        return message;
    }
}
