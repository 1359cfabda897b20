using Hita.Evaluation.Probing;
using Hita.Metrics;
using Hita.Runtime;
using Hita.Tests.Metrics;

namespace Hita.Tests.Evaluation.Probing;

public sealed class LogisticRegressionTests
{
    [Fact]
    public void The_minimiser_finds_the_bottom_of_a_curved_valley()
    {
        var (point, value, iterations) = LimitedMemoryBfgs.Minimize(
            static p =>
            {
                var (a, b) = (1 - p[0], p[1] - (p[0] * p[0]));
                return ((a * a) + (100 * b * b), [(-2 * a) - (400 * p[0] * b), 200 * b]);
            }, 2, 200, TestContext.Current.CancellationToken, tolerance: 1e-9);
        Assert.Equal(1, point[0], 1e-7);
        Assert.Equal(1, point[1], 1e-7);
        Assert.InRange(value, 0, 1e-14);
        Assert.InRange(iterations, 5, 100);
    }

    [Fact]
    public void Two_classes_on_a_line_get_the_optimum_that_newton_s_method_finds()
    {
        float[] x = [-2, -1.5f, -1, -0.5f, 0, 0.5f, 1, 1.5f, 2, 2.5f];
        int[] labels = [0, 0, 0, 1, 0, 1, 0, 1, 1, 1];
        const double Penalty = 0.05;
        var fitted = LogisticRegression.Fit(Bank(1, x), labels, 2, Penalty, cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(Newton(x, labels, Penalty), fitted.Loss, 1e-9);
        Assert.Equal(1, fitted.Width);
    }

    [Fact]
    public void Classes_that_a_plane_parts_are_told_apart_and_others_by_chance_only()
    {
        var random = new Random(5);
        var labels = Enumerable.Range(0, 900).Select(_ => random.Next(3)).ToArray();
        var noise = Samples.Normal(900 * 4, 1);
        var telling = labels.SelectMany((l, i) => noise.AsSpan(i * 4, 4).ToArray().Select((v, d) => (0.2f * v) + (d == l ? 1 : 0))).ToArray();
        Assert.InRange(Judge(Bank(4, telling), labels), 0.99, 1);
        Assert.InRange(Judge(Bank(4, noise), labels), 0.25, 0.42);
    }

    [Fact]
    public void Scale_and_shift_of_features_do_not_matter_and_constant_features_do_no_harm()
    {
        var labels = Enumerable.Range(0, 200).Select(static i => i % 2).ToArray();
        var noise = Samples.Normal(200, 2);
        var plain = Bank(2, [.. labels.SelectMany((l, i) => new[] { l + noise[i], 7f })]);
        var moved = Bank(2, [.. labels.SelectMany((l, i) => new[] { (1000 * (l + noise[i])) + 30_000, 1e-9f })]);
        var (a, b) = (Fit(plain, labels), Fit(moved, labels));
        Assert.Equal(a.Loss, b.Loss, 1e-5);
        Assert.Equal(a.Predict(plain), b.Predict(moved));
        Assert.Equal(a.Loss, Fit(plain, labels).Loss);
    }

    [Fact]
    public void More_vectors_than_a_block_are_fitted_and_judged_whole()
    {
        var labels = Enumerable.Range(0, 5000).Select(static i => i / 2500).ToArray();
        var bank = Bank(1, [.. labels.Select(static (l, i) => l + (0.1f * (i % 7)))]);
        Assert.Equal(1, Fit(bank, labels).Accuracy(bank, labels));
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        Assert.Throws<ArgumentException>(() => Fit(Bank(1, [1, 2]), [0]));
        Assert.Throws<ArgumentException>(() => Fit(Bank(1, [1, 2]), [0, 2]));
        Assert.Throws<HitaException>(() => Fit(new FeatureBank(1), []));
        Assert.Throws<ArgumentException>(() => Fit(Bank(1, [1, 2]), [0, 1]).Predict(Bank(2, [1, 2])));
    }

    private static double Judge(FeatureBank bank, int[] labels)
    {
        var half = labels.Length / 2;
        var (first, second) = (new FeatureBank(bank.Width), new FeatureBank(bank.Width));
        for (var i = 0; i < labels.Length; i++)
            (i < half ? first : second).Add(bank.Row(i));
        return Fit(first, labels[..half], 3).Accuracy(second, labels[half..]);
    }

    private static LogisticRegression Fit(FeatureBank bank, int[] labels, int classes = 2) =>
        LogisticRegression.Fit(bank, labels, classes, cancellation: TestContext.Current.CancellationToken);

    private static FeatureBank Bank(int width, float[] values)
    {
        var bank = new FeatureBank(width);
        bank.Add(values);
        return bank;
    }

    // With two classes only the difference of both rows matters; at the optimum the penalty splits it evenly between them.
    private static double Newton(float[] x, int[] labels, double penalty)
    {
        var mean = x.Average();
        var scale = 1 / Math.Sqrt(x.Average(v => (v - mean) * (v - mean)));
        var (w, b) = (0.0, 0.0);
        for (var step = 0; step < 50; step++)
        {
            double gw = penalty / 2 * w, gb = 0, hww = penalty / 2, hwb = 0, hbb = 0;
            for (var i = 0; i < x.Length; i++)
            {
                var z = (x[i] - mean) * scale;
                var p = 1 / (1 + Math.Exp(-((w * z) + b)));
                gw += (p - labels[i]) * z / x.Length;
                gb += (p - labels[i]) / x.Length;
                hww += p * (1 - p) * z * z / x.Length;
                hwb += p * (1 - p) * z / x.Length;
                hbb += p * (1 - p) / x.Length;
            }
            var determinant = (hww * hbb) - (hwb * hwb);
            (w, b) = (w - (((hbb * gw) - (hwb * gb)) / determinant), b - (((hww * gb) - (hwb * gw)) / determinant));
        }
        var loss = x.Select((v, i) => Math.Log(1 + Math.Exp((labels[i] == 1 ? -1 : 1) * ((w * (v - mean) * scale) + b)))).Average();
        return loss + (penalty / 4 * w * w);
    }
}
