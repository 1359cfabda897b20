using Hita.Runtime.Diagnostics;
using static TorchSharp.torch;

namespace Hita.Runtime.Products;

/// <summary>Says what multiplies in linear layers, for <c>hita doctor</c>.</summary>
public static class LinearReporter
{
    /// <summary>Adds the choice of kernels to a report, and makes it first where it has not been made on this processor.</summary>
    /// <param name="report">A report; where the tensor library does not load, it comes back as it is.</param>
    public static SystemReport AddTo(SystemReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        if (report.Torch is null)
            return report;
        try
        {
            return report with
            {
                LinearLayers =
                [
                    Describe(Precision.Float32, ScalarType.Float32, LinearUse.Inference),
                    Describe(Precision.BFloat16, ScalarType.BFloat16, LinearUse.Inference),
                    Describe(Precision.Float32, ScalarType.Float32, LinearUse.Training),
                ],
            };
        }
        catch (HitaException e)
        {
            return report with { Findings = [new Finding(FindingSeverity.Broken, e.Message), .. report.Findings] };
        }
    }

    private static LinearReport Describe(Precision precision, ScalarType type, LinearUse use)
    {
        var choice = LinearChoice.Of(type, use);
        return new LinearReport
        {
            Precision = precision,
            Training = use == LinearUse.Training,
            Kernel = LinearChoice.Name(choice.Kernel),
            Origin = EnumWords.Of(choice.Origin),
            Rates = choice.Rates.ToDictionary(static r => LinearChoice.Name(r.Key), static r => r.Value),
            File = choice.Origin is ChoiceOrigin.Remembered or ChoiceOrigin.Measured ? LinearChoiceFile.Default()?.Path : null,
        };
    }
}
