namespace Hita.Training;

/// <summary>What a training step spends its time on, in the order in which it comes.</summary>
internal enum StepPart
{
    /// <summary>A tokenizer's forward pass from images to features.</summary>
    Encoder,

    /// <summary>Choosing the codes, and the codebooks' losses.</summary>
    Quantizers,

    /// <summary>A tokenizer's forward pass from codes to images.</summary>
    Decoder,

    /// <summary>A generator's forward pass up to the logits.</summary>
    Network,

    /// <summary>Everything from the networks' outputs to one number.</summary>
    Loss,

    /// <summary>The backward pass.</summary>
    Backward,

    /// <summary>What the discriminator learns.</summary>
    Discriminator,

    /// <summary>The gradients' norm, clipping and the optimiser.</summary>
    Optimizer,

    /// <summary>The exponential moving average of the weights.</summary>
    Average,
}
