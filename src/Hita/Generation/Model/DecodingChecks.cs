namespace Hita.Generation.Model;

/// <summary>The checks that every implementation of <see cref="IDecodingPass"/> makes before it touches memory.</summary>
internal static class DecodingChecks
{
    /// <summary>Checks one step's arguments.</summary>
    /// <exception cref="ArgumentException">A count, a range or the position is wrong.</exception>
    public static void CheckStep(GeneratorConfig config, int rows, int position, ReadOnlySpan<int> inputs, Span<float> logits)
    {
        if (position >= config.SequenceLength)
            throw new InvalidOperationException($"All {config.SequenceLength} positions have been decoded.");
        if (inputs.Length != rows)
            throw new ArgumentException($"{inputs.Length} inputs were given for {rows} rows.", nameof(inputs));
        if (!logits.IsEmpty && logits.Length != (long)rows * config.CodebookSize)
            throw new ArgumentException($"The logits need room for {rows} × {config.CodebookSize} values, not {logits.Length}.", nameof(logits));
        var (limit, what) = position == 0 ? (config.ClassCount + 1, "class") : (config.CodebookSize, "token");
        foreach (var input in inputs)
        {
            if ((uint)input >= (uint)limit)
                throw new ArgumentOutOfRangeException(nameof(inputs), input, $"A {what} lies between 0 and {limit - 1}.");
        }
    }
}
