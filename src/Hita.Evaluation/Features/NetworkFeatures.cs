namespace Hita.Evaluation.Features;

/// <summary>What a network sees in a batch of images, as plain numbers, image after image.</summary>
/// <param name="Vectors">The features.</param>
/// <param name="Logits">The logits of its classes; empty where it has none.</param>
public sealed record NetworkFeatures(float[] Vectors, float[] Logits);
