using Hita.Runtime;
using static TorchSharp.torch;

namespace Hita.Training.Losses;

/// <summary>How the difference between an image and its reconstruction is measured.</summary>
public enum ReconstructionLoss
{
    /// <summary>Twice the mean square (Hita's published default: there <c>l2</c> adds a mean square to a mean square).</summary>
    TwiceSquared,

    /// <summary>The mean absolute difference plus the mean square (Hita's <c>l1</c>).</summary>
    AbsolutePlusSquared,

    /// <summary>The mean square (the vanilla family's <c>l2</c>).</summary>
    Squared,

    /// <summary>The mean absolute difference (the vanilla family's <c>l1</c>).</summary>
    Absolute,
}

/// <summary>Computes reconstruction losses.</summary>
internal static class ReconstructionLosses
{
    /// <summary>The loss of a reconstruction [B, 3, H, W] of an image of the same shape, as one number.</summary>
    public static Tensor Of(ReconstructionLoss kind, Tensor reconstruction, Tensor image)
    {
        using var scope = NewDisposeScope();
        var loss = kind switch
        {
            ReconstructionLoss.TwiceSquared => nn.functional.mse_loss(reconstruction, image).Times(2),
            ReconstructionLoss.AbsolutePlusSquared =>
                nn.functional.l1_loss(reconstruction, image).Plus(nn.functional.mse_loss(reconstruction, image)),
            ReconstructionLoss.Absolute => nn.functional.l1_loss(reconstruction, image),
            _ => nn.functional.mse_loss(reconstruction, image),
        };
        return loss.MoveToOuterDisposeScope();
    }
}
