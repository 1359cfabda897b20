namespace Hita.Generation.Model;

/// <summary>How the last holistic code is embedded when it becomes the input at position M.</summary>
public enum BoundaryMode
{
    /// <summary>With the holistic table, as in the training pass. The default.</summary>
    Trained,

    /// <summary>With the patch table, as the published sampler does; for reproducing published numbers.</summary>
    Published,
}

/// <summary>A generator's weights, ready for decoding. Immutable and safe to share between passes and threads.</summary>
public interface ITokenModel : IDisposable
{
    /// <summary>The architecture.</summary>
    GeneratorConfig Config { get; }

    /// <summary>Starts decoding a batch.</summary>
    /// <param name="rows">Sequences decoded side by side; a guided image takes two.</param>
    /// <param name="boundary">How the last holistic code is embedded.</param>
    /// <returns>The pass, which owns the batch's key and value cache. One thread uses it.</returns>
    IDecodingPass Begin(int rows, BoundaryMode boundary);
}

/// <summary>The decoding of one batch, position by position.</summary>
public interface IDecodingPass : IDisposable
{
    /// <summary>Sequences still decoded.</summary>
    int Rows { get; }

    /// <summary>The position that the next step takes: 0 is the class, p the p-th token.</summary>
    int Position { get; }

    /// <summary>Takes one position for every row.</summary>
    /// <param name="inputs">A value a row: at position 0 the class (<see cref="GeneratorConfig.ClassCount"/> stands for none),
    /// later the token that was chosen at the step before.</param>
    /// <param name="logits">Receives [rows, V] float32 logits for the next token, row after row, from the head that the position
    /// needs; empty where the next token is known already and the head need not be computed.</param>
    void Advance(ReadOnlySpan<int> inputs, Span<float> logits);

    /// <summary>Takes several positions for every row, whose inputs are all known: less work than one by one, with the same results.</summary>
    /// <param name="inputs">[<see cref="Rows"/>, positions]: what <see cref="Advance"/> takes, row after row.</param>
    /// <param name="logitPositions">For how many of the last positions logits are wanted, from 0.</param>
    /// <param name="logits">Receives [<see cref="Rows"/>, logitPositions, V] float32 logits.</param>
    void AdvanceKnown(ReadOnlySpan<int> inputs, int logitPositions, Span<float> logits) => KnownPositions.OneByOne(this, inputs, logitPositions, logits);

    /// <summary>Keeps only the first rows, for example once guidance has ended.</summary>
    /// <param name="rows">1 to <see cref="Rows"/>.</param>
    void KeepRows(int rows);
}
