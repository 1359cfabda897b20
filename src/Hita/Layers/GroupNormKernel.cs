using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Hita.Layers;

// B images, P positions (height × width), C channels in G groups; values lie as [B, P, C].

/// <summary>
/// Group normalisation followed by swish (x·σ(x)), or alone, and its gradient, for values with channels as the fastest
/// dimension.
/// </summary>
/// <remarks>
/// The tensor library normalises in one operation and applies swish in another, and its gradient for this layout runs one value at
/// a time where a group has few channels. Here an image is read three times, from the processor's cache as a rule. Sums are kept
/// in float32 over at most <see cref="Stretch"/> positions and in float64 beyond. A sum is one thread's work and the parameters'
/// gradients are added in the images' order, so that results do not depend on the number of threads. bfloat16 is widened when it is
/// read and rounded once when it is written.
/// </remarks>
internal readonly unsafe struct GroupNormKernel
{
    /// <summary>Channels that are worked on together; the number of channels is a multiple of it.</summary>
    public const int Block = 32;

    private const int Stretch = 256;
    private const int Width = 8;

    private readonly int _positions;
    private readonly int _channels;
    private readonly int _groups;
    private readonly bool _swish;
    private readonly double _eps;

    /// <param name="positions">P, at least 1.</param>
    /// <param name="channels">C, a multiple of <see cref="Block"/>.</param>
    /// <param name="groups">G, a divisor of C.</param>
    /// <param name="eps">Added to the variance.</param>
    /// <param name="swish">Whether swish follows.</param>
    public GroupNormKernel(int positions, int channels, int groups, double eps, bool swish) =>
        (_positions, _channels, _groups, _eps, _swish) = (positions, channels, groups, eps, swish);

    /// <summary>
    /// Channels that can be worked on without the others: whole groups. Every stretch of an image's channels that starts and ends
    /// at a multiple of it may be given to a thread of its own.
    /// </summary>
    public int Share => Block % GroupChannels == 0 ? Block : _channels;

    private int GroupChannels => _channels / _groups;

    /// <summary>Some channels of one image.</summary>
    /// <param name="first">The first channel, a multiple of <see cref="Share"/>.</param>
    /// <param name="end">The channel after the last.</param>
    /// <param name="x">[P, C].</param>
    /// <param name="y">Receives [P, C].</param>
    /// <param name="weight">[C].</param>
    /// <param name="bias">[C].</param>
    /// <param name="mean">Receives the groups' means, [G].</param>
    /// <param name="scale">Receives the inverses of the groups' standard deviations, [G].</param>
    /// <typeparam name="T"><see cref="float"/>, or <see cref="ushort"/> for the bits of bfloat16.</typeparam>
    public void Forward<T>(int first, int end, T* x, T* y, float* weight, float* bias, float* mean, float* scale)
        where T : unmanaged
    {
        Statistics(first, end, x, mean, scale);
        var factors = stackalloc float[Block];
        var offsets = stackalloc float[Block];
        for (var c0 = first; c0 < end; c0 += Block)
        {
            for (var c = 0; c < Block; c++)
            {
                var g = (c0 + c) / GroupChannels;
                factors[c] = weight[c0 + c] * scale[g];
                offsets[c] = bias[c0 + c] - (mean[g] * factors[c]);
            }
            var (a, b) = (new Four(factors), new Four(offsets));
            for (var p = 0; p < _positions; p++)
            {
                var at = ((nint)p * _channels) + c0;
                var n = (Four.Of(x + at) * a) + b;
                (_swish ? n * n.Sigmoid() : n).Store(y + at);
            }
        }
    }

    /// <summary>The gradients of some channels of one image.</summary>
    /// <param name="first">The first channel, a multiple of <see cref="Share"/>.</param>
    /// <param name="end">The channel after the last.</param>
    /// <param name="x">[P, C], what <see cref="Forward"/> was given.</param>
    /// <param name="gradient">[P, C], the gradient of what it returned.</param>
    /// <param name="weight">[C].</param>
    /// <param name="bias">[C].</param>
    /// <param name="mean">[G].</param>
    /// <param name="scale">[G].</param>
    /// <param name="dx">Receives [P, C].</param>
    /// <param name="dWeight">Receives this image's part, [C].</param>
    /// <param name="dBias">Receives this image's part, [C].</param>
    public void Backward(
        int first, int end, float* x, float* gradient, float* weight, float* bias, float* mean, float* scale, float* dx, double* dWeight, double* dBias)
    {
        for (var c0 = first; c0 < end; c0 += Block)
            BackwardSums(x, gradient, weight, bias, mean, scale, dx, dWeight, dBias, c0);
        var weighted = stackalloc float[Block];
        var constants = stackalloc float[Block];
        var slopes = stackalloc float[Block];
        for (var c0 = first; c0 < end; c0 += Block)
        {
            for (var c = 0; c < Block; c++)
            {
                var g = (c0 + c) / GroupChannels;
                double level = 0, slope = 0;
                for (var i = g * GroupChannels; i < (g + 1) * GroupChannels; i++)
                {
                    level += weight[i] * dBias[i];
                    slope += weight[i] * dWeight[i];
                }
                var count = (double)_positions * GroupChannels;
                // dx = scale · (w·dn − level/n − x̂·slope/n), with x̂ = (x − mean)·scale.
                weighted[c] = weight[c0 + c] * scale[g];
                slopes[c] = (float)(-slope / count * scale[g] * scale[g]);
                constants[c] = (float)(-level / count * scale[g]) - (slopes[c] * mean[g]);
            }
            var (a, b, d) = (new Four(weighted), new Four(slopes), new Four(constants));
            for (var p = 0; p < _positions; p++)
            {
                var at = ((nint)p * _channels) + c0;
                ((new Four(dx + at) * a) + ((new Four(x + at) * b) + d)).Store(dx + at);
            }
        }
    }

    private void BackwardSums(
        float* x, float* gradient, float* weight, float* bias, float* mean, float* scale, float* dx, double* dWeight, double* dBias, int c0)
    {
        var means = stackalloc float[Block];
        var scales = stackalloc float[Block];
        for (var c = 0; c < Block; c++)
        {
            var g = (c0 + c) / GroupChannels;
            (means[c], scales[c], dWeight[c0 + c], dBias[c0 + c]) = (mean[g], scale[g], 0, 0);
        }
        var (m, s, w, b) = (new Four(means), new Four(scales), new Four(weight + c0), new Four(bias + c0));
        for (var from = 0; from < _positions; from += Stretch)
        {
            Four first = default, second = default;
            for (var p = from; p < Math.Min(from + Stretch, _positions); p++)
            {
                var at = ((nint)p * _channels) + c0;
                var normal = (new Four(x + at) - m) * s;
                var dn = new Four(gradient + at);
                if (_swish)
                {
                    var n = (normal * w) + b;
                    var sigmoid = n.Sigmoid();
                    dn *= sigmoid + (n * sigmoid * sigmoid.OneMinus());
                }
                dn.Store(dx + at);
                first += dn;
                second += dn * normal;
            }
            first.AddTo(dBias + c0);
            second.AddTo(dWeight + c0);
        }
    }

    private void Statistics<T>(int first, int end, T* x, float* mean, float* scale)
        where T : unmanaged
    {
        var sums = stackalloc double[_channels];
        for (var c0 = first; c0 < end; c0 += Block)
            Sum(x, c0, sums + c0, default, squares: false);
        var count = (double)_positions * GroupChannels;
        for (var g = first / GroupChannels; g < end / GroupChannels; g++)
            mean[g] = (float)(Total(sums, g) / count);
        var means = stackalloc float[Block];
        for (var c0 = first; c0 < end; c0 += Block)
        {
            for (var c = 0; c < Block; c++)
                means[c] = mean[(c0 + c) / GroupChannels];
            Sum(x, c0, sums + c0, new Four(means), squares: true);
        }
        for (var g = first / GroupChannels; g < end / GroupChannels; g++)
            scale[g] = (float)(1 / Math.Sqrt((Total(sums, g) / count) + _eps));
    }

    private double Total(double* sums, int group)
    {
        var total = 0.0;
        for (var c = group * GroupChannels; c < (group + 1) * GroupChannels; c++)
            total += sums[c];
        return total;
    }

    // The sums of a block's channels over all positions, of the values or of their squared distances from a centre.
    private void Sum<T>(T* x, int c0, double* sums, Four centre, bool squares)
        where T : unmanaged
    {
        for (var c = 0; c < Block; c++)
            sums[c] = 0;
        for (var from = 0; from < _positions; from += Stretch)
        {
            Four sum = default;
            for (var p = from; p < Math.Min(from + Stretch, _positions); p++)
            {
                var value = Four.Of(x + ((nint)p * _channels) + c0);
                if (squares)
                {
                    value -= centre;
                    value *= value;
                }
                sum += value;
            }
            sum.AddTo(sums);
        }
    }

    /// <summary>The values of one block of channels.</summary>
    private readonly struct Four
    {
        private readonly Vector256<float> _a;
        private readonly Vector256<float> _b;
        private readonly Vector256<float> _c;
        private readonly Vector256<float> _d;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Four(float* from)
            : this(Vector256.Load(from), Vector256.Load(from + Width), Vector256.Load(from + (2 * Width)), Vector256.Load(from + (3 * Width)))
        {
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private Four(Vector256<float> a, Vector256<float> b, Vector256<float> c, Vector256<float> d) => (_a, _b, _c, _d) = (a, b, c, d);

        /// <summary>From float32, or from the bits of bfloat16.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Four Of<T>(T* from)
            where T : unmanaged
        {
            if (typeof(T) == typeof(float))
                return new Four((float*)from);
            var bits = (ushort*)from;
            return new Four(Widened(bits), Widened(bits + Width), Widened(bits + (2 * Width)), Widened(bits + (3 * Width)));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Four operator +(Four x, Four y) => new(x._a + y._a, x._b + y._b, x._c + y._c, x._d + y._d);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Four operator -(Four x, Four y) => new(x._a - y._a, x._b - y._b, x._c - y._c, x._d - y._d);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Four operator *(Four x, Four y) => new(x._a * y._a, x._b * y._b, x._c * y._c, x._d * y._d);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Four OneMinus() =>
            new(Vector256<float>.One - _a, Vector256<float>.One - _b, Vector256<float>.One - _c, Vector256<float>.One - _d);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Four Sigmoid() => new(Sigmoid(_a), Sigmoid(_b), Sigmoid(_c), Sigmoid(_d));

        /// <summary>As float32, or as the bits of bfloat16.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Store<T>(T* to)
            where T : unmanaged
        {
            if (typeof(T) == typeof(float))
            {
                var values = (float*)to;
                _a.Store(values);
                _b.Store(values + Width);
                _c.Store(values + (2 * Width));
                _d.Store(values + (3 * Width));
            }
            else
            {
                var bits = (ushort*)to;
                Vector256.Narrow(Rounded(_a), Rounded(_b)).Store(bits);
                Vector256.Narrow(Rounded(_c), Rounded(_d)).Store(bits + (2 * Width));
            }
        }

        public void AddTo(double* sums)
        {
            for (var i = 0; i < Width; i++)
            {
                sums[i] += _a[i];
                sums[Width + i] += _b[i];
                sums[(2 * Width) + i] += _c[i];
                sums[(3 * Width) + i] += _d[i];
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector256<float> Widened(ushort* from) => (Vector256.WidenLower(Vector128.Load(from).ToVector256Unsafe()) << 16).AsSingle();

        // To the nearest, ties to even; what is no number stays none.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector256<uint> Rounded(Vector256<float> x)
        {
            var bits = x.AsUInt32();
            var rounded = (bits + Vector256.Create(0x7FFFu) + ((bits >> 16) & Vector256<uint>.One)) >> 16;
            return Vector256.ConditionalSelect(Vector256.Equals(x, x).AsUInt32(), rounded, Vector256.Create(0x7FC0u));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector256<float> Sigmoid(Vector256<float> x) => Vector256<float>.One / (Vector256<float>.One + Vector256.Exp(-x));
    }
}
