namespace Hita.Metrics;

/// <summary>
/// A measurement that grows sample by sample, can be saved and taken up again, and can be made in several parts that are merged.
/// </summary>
/// <remarks>The measurements of this library are the only ones; see <see cref="AccumulatorWriter"/> for saving.</remarks>
/// <typeparam name="TSelf">The measurement itself.</typeparam>
public interface IAccumulator<TSelf>
    where TSelf : class, IAccumulator<TSelf>
{
    /// <summary>Samples so far.</summary>
    long Count { get; }

    /// <summary>Takes in what another one has measured, as if its samples had been added here.</summary>
    /// <param name="other">One of the same kind and sizes; it is left as it is.</param>
    /// <exception cref="ArgumentException">The sizes differ.</exception>
    void Merge(TSelf other);

    internal IEnumerable<StatePart> Capture();

    internal static abstract TSelf Restore(StateSource source);
}
