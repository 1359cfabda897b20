using Hita.Evaluation.Runs;

namespace Hita.Tests.Evaluation.Runs;

public sealed class FidCurveTests
{
    [Fact]
    public void A_small_run_has_one_point_at_its_end()
    {
        // All samples came in one batch, so that the first point was already taken when all were there.
        var curve = new FidCurve(8);
        curve.End(8, 2.5);
        curve.End(8, 2.5);
        Assert.Equal(8, Assert.Single(curve.Points).Count);
        curve.End(16, 2);
        Assert.Equal(2, curve.Points.Count);
    }
}
