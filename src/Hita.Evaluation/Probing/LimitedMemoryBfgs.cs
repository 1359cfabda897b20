namespace Hita.Evaluation.Probing;

/// <summary>Minimises a smooth function of many numbers by limited-memory BFGS with a backtracking line search.</summary>
internal static class LimitedMemoryBfgs
{
    private const int Memory = 10;
    private const double Armijo = 1e-4;
    private const double MinStep = 1e-12;

    /// <summary>Minimises from 0 on.</summary>
    /// <param name="evaluate">The function's value and gradient at a point.</param>
    /// <param name="size">The number of numbers.</param>
    /// <param name="maxIterations">Where to stop if it has not settled before.</param>
    /// <param name="cancellation">Stops between two iterations.</param>
    /// <param name="tolerance">It has settled where the gradient's largest part is below this.</param>
    public static (double[] Point, double Value, int Iterations) Minimize(
        Func<double[], (double Value, double[] Gradient)> evaluate, int size, int maxIterations, CancellationToken cancellation, double tolerance = 1e-6)
    {
        var point = new double[size];
        var (value, gradient) = evaluate(point);
        var pairs = new List<(double[] Step, double[] Change, double Curvature)>();
        for (var iteration = 0; iteration < maxIterations; iteration++)
        {
            cancellation.ThrowIfCancellationRequested();
            if (gradient.Max(Math.Abs) < tolerance)
                return (point, value, iteration);
            var direction = Direction(gradient, pairs);
            var slope = Dot(direction, gradient);
            if (slope >= 0)
            {
                // What is remembered has gone stale; begin again downhill.
                pairs.Clear();
                direction = [.. gradient.Select(static g => -g)];
                slope = Dot(direction, gradient);
            }
            var length = pairs.Count == 0 ? Math.Min(1, 1 / Math.Sqrt(-slope)) : 1.0;
            double[] next;
            double nextValue;
            double[] nextGradient;
            while (true)
            {
                next = Along(point, direction, length);
                (nextValue, nextGradient) = evaluate(next);
                if (nextValue <= value + (Armijo * length * slope))
                    break;
                length /= 2;
                if (length < MinStep)
                    return (point, value, iteration);
            }
            var step = Difference(next, point);
            var change = Difference(nextGradient, gradient);
            var curvature = Dot(step, change);
            if (curvature > 1e-14 * Dot(change, change))
                pairs.Add((step, change, curvature));
            if (pairs.Count > Memory)
                pairs.RemoveAt(0);
            (point, value, gradient) = (next, nextValue, nextGradient);
        }
        return (point, value, maxIterations);
    }

    // The two loops over the remembered pairs: minus the approximate inverse Hessian times the gradient.
    private static double[] Direction(double[] gradient, List<(double[] Step, double[] Change, double Curvature)> pairs)
    {
        var direction = (double[])gradient.Clone();
        var shares = new double[pairs.Count];
        for (var i = pairs.Count - 1; i >= 0; i--)
        {
            shares[i] = Dot(pairs[i].Step, direction) / pairs[i].Curvature;
            AddScaled(direction, pairs[i].Change, -shares[i]);
        }
        if (pairs.Count > 0)
        {
            var (_, change, curvature) = pairs[^1];
            Scale(direction, curvature / Dot(change, change));
        }
        for (var i = 0; i < pairs.Count; i++)
            AddScaled(direction, pairs[i].Step, shares[i] - (Dot(pairs[i].Change, direction) / pairs[i].Curvature));
        Scale(direction, -1);
        return direction;
    }

    private static double Dot(double[] a, double[] b)
    {
        var sum = 0.0;
        for (var i = 0; i < a.Length; i++)
            sum += a[i] * b[i];
        return sum;
    }

    private static double[] Along(double[] point, double[] direction, double length)
    {
        var result = (double[])point.Clone();
        AddScaled(result, direction, length);
        return result;
    }

    private static double[] Difference(double[] a, double[] b)
    {
        var result = (double[])a.Clone();
        AddScaled(result, b, -1);
        return result;
    }

    private static void AddScaled(double[] target, double[] other, double factor)
    {
        for (var i = 0; i < target.Length; i++)
            target[i] += factor * other[i];
    }

    private static void Scale(double[] target, double factor)
    {
        for (var i = 0; i < target.Length; i++)
            target[i] *= factor;
    }
}
