using TorchSharp;

namespace Hita.Tests.Support;

/// <summary>Counts the process's tensors for tests of leaks.</summary>
internal static class LivingTensors
{
    /// <summary>The count once the collector has taken what earlier tests left to it, so that none of it goes while a test counts.</summary>
    public static long Settled()
    {
        var count = long.MaxValue;
        while (torch.Tensor.TotalCount < count)
        {
            count = torch.Tensor.TotalCount;
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        return torch.Tensor.TotalCount;
    }
}
