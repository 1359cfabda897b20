using Hita.Runtime;
using static TorchSharp.torch;

namespace Hita.Checkpoints;

/// <summary>Writes values into the parameters of a module.</summary>
internal static class ModuleWeights
{
    /// <summary>All parameters by their state-dict names.</summary>
    public static IReadOnlyDictionary<string, Tensor> Parameters(this nn.Module module)
    {
        var parameters = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        foreach (var (name, parameter) in module.named_parameters())
            parameters.Add(name, parameter);
        return parameters;
    }

    /// <summary>The number of learned values.</summary>
    public static long ParameterCount(this nn.Module module) => module.Parameters().Values.Sum(static p => p.numel());

    /// <summary>Fills every parameter from its name, see <see cref="WeightsByName"/>.</summary>
    /// <param name="module">The module.</param>
    /// <param name="prefix">Put before each full name.</param>
    /// <param name="isCodebook">Which tensors are scaled to unit rows afterwards; null for none.</param>
    public static void FillByName(this nn.Module module, string prefix = "", Func<string, bool>? isCodebook = null)
    {
        foreach (var (name, parameter) in module.Parameters())
        {
            var values = new float[parameter.numel()];
            WeightsByName.Fill(prefix + name, parameter.shape, values);
            if (isCodebook?.Invoke(name) == true)
                WeightsByName.NormalizeRows(values, (int)parameter.shape[^1]);
            Set(parameter, values);
        }
    }

    /// <summary>Copies row-major values into a tensor of any layout, type and device.</summary>
    public static void Set(Tensor target, ReadOnlySpan<float> values)
    {
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        target.copy_(TensorOps.FromFloats(values, target.shape));
        // copy_ returns the target itself, which the scope must not take along.
        target.DetachFromDisposeScope();
    }
}
