using Hita.Runtime;

namespace Hita.Tests.Runtime;

public sealed class TensorOpsTests
{
    [Fact]
    public void Matrices_that_do_not_fit_are_refused_before_the_native_call()
    {
        using var a = TensorOps.FromFloats(new float[6], 1, 2, 3);
        using var b = TensorOps.FromFloats(new float[8], 1, 2, 4);
        var error = Assert.Throws<ArgumentException>(() => a.BatchedProduct(b));
        Assert.Contains("[1, 2, 3]", error.Message, StringComparison.Ordinal);
    }
}
