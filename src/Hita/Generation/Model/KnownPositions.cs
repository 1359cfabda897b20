namespace Hita.Generation.Model;

/// <summary>Positions whose inputs are known, taken together.</summary>
internal static class KnownPositions
{
    /// <summary>
    /// Rows of a step, all sequences together, that are worth while: with more of them a step takes longer in proportion, and other
    /// sequences wait for it.
    /// </summary>
    public const int MaxRows = 32;

    /// <summary>Checks the arguments of several positions.</summary>
    /// <returns>How many positions there are.</returns>
    /// <exception cref="ArgumentException">There is not an input for every row and position, or not room for the logits of as many positions.</exception>
    public static int Check(int rows, ReadOnlySpan<int> inputs, int logitPositions, ReadOnlySpan<float> logits)
    {
        var positions = inputs.Length / rows;
        if (positions == 0 || inputs.Length % rows != 0)
            throw new ArgumentException($"{inputs.Length} inputs were given for {rows} rows; as many a position are needed.", nameof(inputs));
        ArgumentOutOfRangeException.ThrowIfNegative(logitPositions);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(logitPositions, positions);
        if (logitPositions == 0 ? !logits.IsEmpty : logits.Length % (rows * logitPositions) != 0)
            throw new ArgumentException($"{logits.Length} logits do not divide into {logitPositions} positions of {rows} rows.", nameof(logits));
        return positions;
    }

    /// <summary>Takes them one by one.</summary>
    public static void OneByOne(IDecodingPass pass, ReadOnlySpan<int> inputs, int logitPositions, Span<float> logits)
    {
        var rows = pass.Rows;
        var positions = Check(rows, inputs, logitPositions, logits);
        if (positions == 1)
        {
            pass.Advance(inputs, logits);
            return;
        }
        var size = logits.Length / Math.Max(rows * logitPositions, 1);
        var column = new int[rows];
        var scores = new float[rows * size];
        for (var position = 0; position < positions; position++)
        {
            for (var row = 0; row < rows; row++)
                column[row] = inputs[(row * positions) + position];
            var place = position - (positions - logitPositions);
            pass.Advance(column, place < 0 ? [] : scores);
            for (var row = 0; place >= 0 && row < rows; row++)
                scores.AsSpan(row * size, size).CopyTo(logits[(((row * logitPositions) + place) * size)..]);
        }
    }
}
