namespace Hita.Runtime.Products;

/// <summary>What a linear layer computes: one product, or three.</summary>
internal enum LinearUse
{
    /// <summary>y = x Wᵀ + b alone.</summary>
    Inference,

    /// <summary>That, and the gradients of x, W and b.</summary>
    Training,
}
