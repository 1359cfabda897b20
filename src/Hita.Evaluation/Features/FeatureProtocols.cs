using Hita.Evaluation.Protocols;
using Hita.Metrics;

namespace Hita.Evaluation.Features;

/// <summary>The protocols of feature networks.</summary>
public static class FeatureProtocols
{
    /// <summary>Fréchet distance, precision and recall on the features of ResNet-18.</summary>
    public static EvaluationProtocol ResNet18 { get; } = Of("fd-resnet18", "the mean of ResNet-18's last feature map (512 features, ImageNet)");

    /// <summary>Fréchet distance, precision, recall and the class score on the features and logits of MobileNetV2.</summary>
    public static EvaluationProtocol MobileNet2 { get; } = Of("fd-mobilenet2", "the mean of MobileNetV2's last feature map (1,280 features, ImageNet)");

    /// <summary>All of them.</summary>
    public static IReadOnlyList<EvaluationProtocol> All { get; } = [ResNet18, MobileNet2];

    private static EvaluationProtocol Of(string name, string features) => new()
    {
        Name = name,
        Description = $"Distances on {features}; not to be compared with FID, nor with another network's.",
        Reference = "real images of the same data at the same size",
        Size = 0,
        Resize = SampleResize.Antialiased,
        SampleCount = 2_000,
        Labels = LabelPlanKind.Balanced,
        Order = ScoreOrder.Shuffled,
        SplitSize = 500,
        Distances = DistancePrecision.Float32,
        SsimRange = 1,
    };
}
