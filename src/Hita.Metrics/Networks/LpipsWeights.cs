using Hita.Checkpoints;
using Hita.Layers;
using Hita.Models;
using Hita.Runtime;

namespace Hita.Metrics.Networks;

/// <summary>Loads the two published files of LPIPS.</summary>
internal static class LpipsWeights
{
    /// <summary>Loads the network.</summary>
    /// <param name="vggFile">torchvision's VGG16; null looks for <see cref="MetricWeights.Vgg16"/> in the folder of metric weights.</param>
    /// <param name="headsFile">The linear heads; null looks for <see cref="MetricWeights.LpipsHeads"/> there.</param>
    /// <param name="placement">Where the weights live.</param>
    /// <exception cref="HitaException">A file is not there (the message says what to fetch) or does not fit.</exception>
    public static LpipsModel Load(string? vggFile, string? headsFile, Placement placement)
    {
        var (vgg, heads) = (vggFile ?? MetricWeights.Find(MetricWeights.Vgg16), headsFile ?? MetricWeights.Find(MetricWeights.LpipsHeads));
        var model = new LpipsModel(placement);
        try
        {
            var parameters = model.Parameters();
            Fill(vgg, "net.", VggFeatures.NameOf, $"torchvision's {MetricWeights.Vgg16.FileName} is wanted");
            Fill(heads, "lin", static name => name, $"the heads for VGG16 are wanted, {MetricWeights.LpipsHeads.FileName} of LPIPS 0.1");
            return model;

            void Fill(string file, string prefix, Func<string, string?> nameOf, string advice)
            {
                using var source = WeightFile.Open(file);
                var targets = parameters.Where(p => p.Key.StartsWith(prefix, StringComparison.Ordinal)).ToDictionary(StringComparer.Ordinal);
                StrictLoader.Load(source, targets, new LoadOptions { NameMap = nameOf, Advice = _ => advice });
            }
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>Weights made from their names, the heads' made non-negative; for comparing implementations.</summary>
    public static LpipsModel ByName(Placement placement, string prefix = "lpips.")
    {
        var model = new LpipsModel(placement);
        foreach (var (name, parameter) in model.Parameters())
        {
            var values = new float[parameter.numel()];
            WeightsByName.Fill(prefix + name, parameter.shape, values);
            if (name.StartsWith("lin", StringComparison.Ordinal))
                values = Array.ConvertAll(values, Math.Abs);
            ModuleWeights.Set(parameter, values);
        }
        return model;
    }
}
