using Hita.Checkpoints;
using Hita.Runtime;
using static TorchSharp.torch;

namespace Hita.Generation.Model;

/// <summary>The values that a generator starts its training from.</summary>
internal static class GeneratorInitializer
{
    private const double Deviation = 0.02;

    /// <summary>Fills all parameters: linear layers and tables N(0, 0.02), the output matrix zero, norms one.</summary>
    /// <param name="model">The network, on any device but meta.</param>
    /// <param name="seed">The same seed gives the same values.</param>
    public static void Initialize(GeneratorModel model, ulong seed)
    {
        using var frozen = no_grad();
        using var random = new Generator(seed);
        foreach (var (name, parameter) in model.Parameters())
        {
            using var scope = NewDisposeScope();
            var values = empty(parameter.shape, dtype: ScalarType.Float32);
            if (parameter.Dimensions == 1)
                values.fill_(TensorOps.Constant(1L));
            else if (name == "output.weight")
                values.zero_();
            else
                values.normal_(0, Deviation, random);
            parameter.copy_(values).DetachFromDisposeScope();
        }
    }
}
