using Hita.Runtime.Diagnostics;
using static TorchSharp.torch;

namespace Hita.Runtime.Products;

/// <summary>Which kernel linear layers take on this processor.</summary>
/// <remarks>
/// Kernels round differently, so a choice that changed from run to run would change what comes out. It is therefore measured once
/// a processor, kept in the cache folder, and from then on read; where nothing can be kept, nothing is measured, and the
/// library's product is taken.
/// </remarks>
internal sealed class LinearChoice
{
    /// <summary>The environment variable that pins a kernel.</summary>
    public const string Variable = "HITA_LINEAR";

    // Another product has to be this many times as fast as the library's, so that noise does not decide.
    private const double Worthwhile = 1.02;

    private static readonly Lock Gate = new();
    private static readonly Dictionary<(ScalarType Type, LinearUse Use), LinearChoice> Known = [];

    private LinearChoice(LinearKernel kernel, ChoiceOrigin origin, IReadOnlyDictionary<LinearKernel, double> rates) =>
        (Kernel, Origin, Rates) = (kernel, origin, rates);

    /// <summary>The kernel.</summary>
    public LinearKernel Kernel { get; }

    /// <summary>Where the choice comes from.</summary>
    public ChoiceOrigin Origin { get; }

    /// <summary>Operations a second by one thread when the choice was made; empty where nothing was measured.</summary>
    public IReadOnlyDictionary<LinearKernel, double> Rates { get; }

    /// <summary>The kernel for values of a type. The first call of a process may measure, for a tenth of a second.</summary>
    /// <param name="type">float32 or bfloat16.</param>
    /// <param name="use">What is computed.</param>
    /// <exception cref="HitaException"><see cref="Variable"/> is no kernel, or not one for this processor.</exception>
    public static LinearKernel For(ScalarType type, LinearUse use = LinearUse.Inference) => Of(type, use).Kernel;

    /// <inheritdoc cref="For"/>
    /// <returns>The whole choice.</returns>
    public static LinearChoice Of(ScalarType type, LinearUse use = LinearUse.Inference)
    {
        lock (Gate)
        {
            if (!Known.TryGetValue((type, use), out var choice))
                Known[(type, use)] = choice = Make(Environment.GetEnvironmentVariable(Variable), LinearChoiceFile.Default(), type, use);
            return choice;
        }
    }

    /// <summary>Takes one kernel for all types that it suits until disposed, in the whole process: for measurements and tests.</summary>
    internal static IDisposable Take(LinearKernel kernel)
    {
        lock (Gate)
        {
            var before = new Dictionary<(ScalarType Type, LinearUse Use), LinearChoice>(Known);
            foreach (var type in (ScalarType[])[ScalarType.Float32, ScalarType.BFloat16])
            {
                foreach (var use in Enum.GetValues<LinearUse>())
                    Known[(type, use)] = Forced(kernel, type, use);
            }
            return new Restoring(before);
        }
    }

    /// <summary>The kernels that there are for values of a type on this processor.</summary>
    /// <param name="type">float32 or bfloat16.</param>
    /// <param name="use">What is computed.</param>
    internal static IReadOnlyList<LinearKernel> Possible(ScalarType type, LinearUse use = LinearUse.Inference) =>
        type == ScalarType.Float32 && use == LinearUse.Inference && PackedProduct.IsSupported
        ? [LinearKernel.Library, LinearKernel.Convolution, LinearKernel.Packed]
        : [LinearKernel.Library, LinearKernel.Convolution];

    /// <summary>Makes the choice anew.</summary>
    /// <param name="pinned">The variable's value; null or empty where it is not set.</param>
    /// <param name="file">Where choices are kept; null where nothing can be kept.</param>
    /// <param name="type">float32 or bfloat16.</param>
    /// <param name="use">What is computed.</param>
    internal static LinearChoice Make(string? pinned, LinearChoiceFile? file, ScalarType type, LinearUse use = LinearUse.Inference)
    {
        if (Pinned(pinned) is { } kernel)
            return Forced(kernel, type, use);
        var key = Key(type, use);
        if (file is null)
            return new LinearChoice(LinearKernel.Library, ChoiceOrigin.Rule, Nothing);
        if (file.Find(key) is { } kept && Possible(type, use).Contains(kept.Kernel))
            return new LinearChoice(kept.Kernel, ChoiceOrigin.Remembered, kept.Rates);
        var rates = LinearMeasurement.Rates(Possible(type, use), type, use);
        var best = rates.MaxBy(static r => r.Value).Key;
        if (rates[best] < Worthwhile * rates[LinearKernel.Library])
            best = LinearKernel.Library;
        // Another process may have been first; then its choice counts.
        return file.Keep(key, best, rates) is { } agreed
            ? new LinearChoice(agreed.Kernel, ChoiceOrigin.Measured, agreed.Rates)
            : new LinearChoice(LinearKernel.Library, ChoiceOrigin.Rule, rates);
    }

    // What is not for such values, the library does.
    private static LinearChoice Forced(LinearKernel kernel, ScalarType type, LinearUse use) =>
        new(Possible(type, use).Contains(kernel) ? kernel : LinearKernel.Library, ChoiceOrigin.Pinned, Nothing);

    private static IReadOnlyDictionary<LinearKernel, double> Nothing { get; } = new Dictionary<LinearKernel, double>();

    private static LinearKernel? Pinned(string? value)
    {
        if (value is null or "" or "auto")
            return null;
        foreach (var kernel in Enum.GetValues<LinearKernel>())
        {
            if (value != Name(kernel))
                continue;
            if (kernel == LinearKernel.Packed && !PackedProduct.IsSupported)
                throw new HitaException($"{Variable} is 'packed', which needs a processor with AVX2; use auto, library or convolution.");
            return kernel;
        }
        throw new HitaException($"{Variable} is '{MessageText.Short(value)}'; it must be auto, library, convolution or packed.");
    }

    /// <summary>A kernel's name in files, reports and the variable.</summary>
    public static string Name(LinearKernel kernel) => EnumWords.Of(kernel);

    // What rounding and speed depend on.
    private static string Key(ScalarType type, LinearUse use)
    {
        var processor = ProcessorInfo.Read();
        return $"{processor.Model}; {string.Join(", ", processor.VectorInstructions)}; libtorch {TorchLibrary.ExpectedVersion}; {type}{(use == LinearUse.Training ? "; training" : "")}";
    }

    private sealed class Restoring(Dictionary<(ScalarType Type, LinearUse Use), LinearChoice> before) : IDisposable
    {
        public void Dispose()
        {
            lock (Gate)
            {
                Known.Clear();
                foreach (var (use, choice) in before)
                    Known[use] = choice;
            }
        }
    }
}

/// <summary>Where a <see cref="LinearChoice"/> comes from.</summary>
internal enum ChoiceOrigin
{
    /// <summary>The user's environment variable.</summary>
    Pinned,

    /// <summary>Measured by an earlier process.</summary>
    Remembered,

    /// <summary>Measured by this process.</summary>
    Measured,

    /// <summary>Nothing can be kept here, so the library's product is taken.</summary>
    Rule,
}
