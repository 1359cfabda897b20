using System.Numerics;
using Hita.Runtime;

namespace Hita.Tests.Runtime;

public sealed class VectorMathTests
{
    [Fact]
    public void The_exponential_is_right_to_the_last_bits()
    {
        for (var x = -87.2f; x < 88.3f; x += 0.0137f)
        {
            var exact = Math.Exp(x);
            Assert.InRange(VectorMath.Exp(x), exact * (1 - 2e-7), exact * (1 + 2e-7));
        }
        Assert.Equal(1, VectorMath.Exp(0f));
    }

    [Fact]
    public void The_exponential_is_zero_far_below_and_finite_far_above()
    {
        foreach (var x in (float[])[-87.4f, -1000, float.MinValue, float.NegativeInfinity])
            Assert.Equal(0, VectorMath.Exp(x));
        Assert.True(float.IsFinite(VectorMath.Exp(float.PositiveInfinity)));
        Assert.True(float.IsNaN(VectorMath.Exp(float.NaN)));
    }

    [Fact]
    public void Elements_have_the_same_bits_inside_and_outside_a_vector()
    {
        var values = Enumerable.Range(0, 1003).Select(i => (i * 0.17f) - 90).ToArray();
        var results = new float[values.Length];
        VectorMath.ShiftedExp(values, 3, 0.7f, results);
        for (var i = 0; i < values.Length; i++)
            Assert.Equal(VectorMath.Exp((values[i] - 3) / 0.7f), results[i]);
        Assert.True(values.Length % Vector<float>.Count != 0);
    }

    [Fact]
    public void One_value_that_is_not_finite_is_found_anywhere()
    {
        var values = Enumerable.Range(0, 37).Select(i => (i - 18) * 1e37f).ToArray();
        Assert.True(VectorMath.AllFinite(values));
        Assert.True(VectorMath.AllFinite([]));
        for (var i = 0; i < values.Length; i++)
        {
            foreach (var bad in (float[])[float.NaN, float.PositiveInfinity, float.NegativeInfinity])
            {
                var damaged = (float[])values.Clone();
                damaged[i] = bad;
                Assert.False(VectorMath.AllFinite(damaged));
            }
        }
    }
}
