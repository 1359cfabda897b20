using Hita.Runtime;
using static TorchSharp.torch;

namespace Hita.Training.Losses;

/// <summary>What a tokenizer minimises to be taken for real.</summary>
public enum AdversarialLoss
{
    /// <summary>softplus(−D(x̂)): nothing to gain once it is taken for real (published, <c>softplus_g_loss</c>).</summary>
    Softplus,

    /// <summary>−D(x̂) (the vanilla family).</summary>
    Hinge,
}

/// <summary>What a discriminator minimises.</summary>
public enum DiscriminatorLoss
{
    /// <summary>½ (max(0, 1 − D(x)) + max(0, 1 + D(x̂))) (published).</summary>
    Hinge,

    /// <summary>½ (softplus(−D(x)) + softplus(D(x̂))).</summary>
    Vanilla,
}

/// <summary>Computes adversarial losses from logits of any shape.</summary>
internal static class AdversarialLosses
{
    /// <summary>The tokenizer's loss, from the logits of its reconstructions.</summary>
    public static Tensor OfGenerator(AdversarialLoss kind, Tensor fake)
    {
        using var scope = NewDisposeScope();
        var logits = fake.to(ScalarType.Float32);
        var loss = kind == AdversarialLoss.Hinge ? logits.mean().Times(-1) : Softplus(logits.Times(-1)).mean();
        return loss.MoveToOuterDisposeScope();
    }

    /// <summary>The discriminator's loss.</summary>
    public static Tensor OfDiscriminator(DiscriminatorLoss kind, Tensor real, Tensor fake)
    {
        using var scope = NewDisposeScope();
        var (realLoss, fakeLoss) = (Side(kind, real, -1), Side(kind, fake, 1));
        return realLoss.Plus(fakeLoss).Times(0.5).MoveToOuterDisposeScope();
    }

    private static Tensor Side(DiscriminatorLoss kind, Tensor logits, double sign)
    {
        var signed = logits.to(ScalarType.Float32).Times(sign);
        return (kind == DiscriminatorLoss.Hinge ? signed.Plus(1).relu() : Softplus(signed)).mean();
    }

    // log(e^x + e^0); the library's own softplus makes scalars that may be freed too early.
    private static Tensor Softplus(Tensor x) => x.logaddexp(zeros_like(x));
}
