using Hita.Metrics;
using Hita.Runtime;
using static TorchSharp.torch;

namespace Hita.Evaluation.Probing;

// N vectors, D features, C classes.

/// <summary>
/// Multinomial logistic regression on standardised features: a linear classifier fitted to the optimum, deterministically.
/// </summary>
/// <remarks>
/// The mean cross-entropy plus half the penalty times the squared weights (not the biases) is minimised by limited-memory BFGS
/// in float64. Features that never vary are left out of account.
/// </remarks>
public sealed class LogisticRegression
{
    private const int Block = 4096;
    private readonly double[] _mean;
    private readonly double[] _scale;
    private readonly double[] _weights;

    private LogisticRegression(int classCount, double[] mean, double[] scale, double[] weights, int iterations, double loss) =>
        (ClassCount, _mean, _scale, _weights, Iterations, Loss) = (classCount, mean, scale, weights, iterations, loss);

    /// <summary>C, the number of classes.</summary>
    public int ClassCount { get; }

    /// <summary>D, the number of features.</summary>
    public int Width => _mean.Length;

    /// <summary>Iterations that the fit took.</summary>
    public int Iterations { get; }

    /// <summary>The minimum that was reached, penalty included.</summary>
    public double Loss { get; }

    /// <summary>Fits.</summary>
    /// <param name="features">N vectors.</param>
    /// <param name="labels">Their classes, 0 to C − 1.</param>
    /// <param name="classCount">C, 2 or more.</param>
    /// <param name="penalty">The penalty on squared weights, 0 or more.</param>
    /// <param name="maxIterations">Where to stop if it has not settled before.</param>
    /// <param name="cancellation">Stops between two iterations.</param>
    /// <exception cref="ArgumentException">There are more or fewer labels than vectors, or a label is none.</exception>
    /// <exception cref="HitaException">There are no vectors.</exception>
    public static LogisticRegression Fit(
        FeatureBank features, IReadOnlyList<int> labels, int classCount, double penalty = 1e-3, int maxIterations = 300, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(features);
        ArgumentNullException.ThrowIfNull(labels);
        ArgumentOutOfRangeException.ThrowIfLessThan(classCount, 2);
        ArgumentOutOfRangeException.ThrowIfNegative(penalty);
        if (labels.Count != features.Count)
            throw new ArgumentException($"{labels.Count} labels were given for {features.Count} vectors.", nameof(labels));
        if (labels.Any(l => l < 0 || l >= classCount))
            throw new ArgumentException($"Labels lie in 0 to {classCount - 1}.", nameof(labels));
        if (features.Count == 0)
            throw new HitaException("A linear classifier needs vectors to be fitted to, and here are none.");
        var (mean, scale) = Moments(features);
        var problem = new Problem(features, labels, classCount, mean, scale, penalty);
        var (weights, loss, iterations) = LimitedMemoryBfgs.Minimize(problem.Evaluate, problem.Size, maxIterations, cancellation);
        return new LogisticRegression(classCount, mean, scale, weights, iterations, loss);
    }

    /// <summary>The likeliest class of each vector.</summary>
    /// <param name="features">Vectors of D features.</param>
    /// <exception cref="ArgumentException">They have another width.</exception>
    public int[] Predict(FeatureBank features)
    {
        ArgumentNullException.ThrowIfNull(features);
        if (features.Width != Width)
            throw new ArgumentException($"Vectors of {features.Width} features were given to a classifier of {Width}.", nameof(features));
        var found = new int[features.Count];
        using var frozen = no_grad();
        using var all = NewDisposeScope();
        var weights = Doubles.ToTensor(_weights, Width + 1, ClassCount);
        for (var first = 0; first < found.Length; first += Block)
        {
            using var scope = NewDisposeScope();
            var rows = Math.Min(Block, found.Length - first);
            var logits = Doubles.ToTensor(Standardised(features, first, rows, _mean, _scale), rows, Width + 1).mm(weights);
            logits.argmax(-1).ToInts().CopyTo(found, first);
        }
        return found;
    }

    /// <summary>The share of vectors whose class is found, 0 to 1.</summary>
    /// <param name="features">The vectors, at least one.</param>
    /// <param name="labels">Their classes.</param>
    public double Accuracy(FeatureBank features, IReadOnlyList<int> labels)
    {
        ArgumentNullException.ThrowIfNull(labels);
        var found = Predict(features);
        return (double)found.Where((f, i) => f == labels[i]).Count() / found.Length;
    }

    private static (double[] Mean, double[] Scale) Moments(FeatureBank features)
    {
        var (mean, squares) = (new double[features.Width], new double[features.Width]);
        for (var row = 0L; row < features.Count; row++)
        {
            var values = features.Row(row);
            for (var i = 0; i < values.Length; i++)
            {
                var difference = values[i] - mean[i];
                mean[i] += difference / (row + 1);
                squares[i] += difference * (values[i] - mean[i]);
            }
        }
        // A feature that does not vary carries nothing; dividing by its deviation would blow up its rounding.
        return (mean, [.. squares.Select((s, i) => Math.Sqrt(s / features.Count) is var d && d > 1e-6 * (Math.Abs(mean[i]) + 1e-12) ? 1 / d : 0)]);
    }

    /// <summary>Rows with a 1 at the end, which carries the bias.</summary>
    private static double[] Standardised(FeatureBank features, long first, int rows, double[] mean, double[] scale)
    {
        var width = mean.Length + 1;
        var values = new double[rows * width];
        for (var row = 0; row < rows; row++)
        {
            var source = features.Row(first + row);
            for (var i = 0; i < source.Length; i++)
                values[(row * width) + i] = (source[i] - mean[i]) * scale[i];
            values[(row * width) + width - 1] = 1;
        }
        return values;
    }

    /// <summary>The function that is minimised, and its gradient.</summary>
    private sealed class Problem(FeatureBank features, IReadOnlyList<int> labels, int classCount, double[] mean, double[] scale, double penalty)
    {
        private readonly int _width = mean.Length + 1;

        public int Size => _width * classCount;

        public (double Loss, double[] Gradient) Evaluate(double[] point)
        {
            using var frozen = no_grad();
            using var all = NewDisposeScope();
            var weights = Doubles.ToTensor(point, _width, classCount);
            var gradient = zeros([_width, classCount], ScalarType.Float64);
            var loss = 0.0;
            for (var first = 0; first < labels.Count; first += Block)
            {
                using var scope = NewDisposeScope();
                var rows = Math.Min(Block, labels.Count - first);
                var inputs = Doubles.ToTensor(Standardised(features, first, rows, mean, scale), rows, _width);
                var logs = inputs.mm(weights).log_softmax(-1); // [rows, C]
                var targets = TensorOps.FromInts([.. labels.Skip(first).Take(rows)], rows, 1);
                loss -= logs.gather(1, targets).sum().ToDouble();
                var truth = zeros([rows, classCount], ScalarType.Float64).scatter(1, targets, ones([rows, 1], ScalarType.Float64));
                gradient.AddInPlace(inputs.t().mm(logs.exp().Minus(truth)));
            }
            var result = Doubles.ToArray(gradient);
            loss /= labels.Count;
            for (var i = 0; i < result.Length; i++)
            {
                result[i] /= labels.Count;
                // The last row holds the biases.
                if (i >= (_width - 1) * classCount)
                    continue;
                loss += 0.5 * penalty * point[i] * point[i];
                result[i] += penalty * point[i];
            }
            return (loss, result);
        }
    }
}
