namespace Hita.Checkpoints;

/// <summary>What a file says about one tensor.</summary>
/// <param name="Name">The name, as in the file.</param>
/// <param name="Type">The type of the elements.</param>
/// <param name="Shape">The sides, outermost first; empty for a single number. The readers refuse products that overflow.</param>
public sealed record TensorEntry(string Name, TensorType Type, IReadOnlyList<long> Shape)
{
    private readonly long _otherLength;

    /// <summary>The file's own name of the type, which says more than <see cref="Type"/> where that is Other.</summary>
    public string TypeName { get; init; } = Type.PlainName();

    /// <summary>Number of elements.</summary>
    public long Count
    {
        get
        {
            var count = 1L;
            foreach (var side in Shape)
                count = checked(count * side);
            return count;
        }
    }

    /// <summary>Bytes of the contiguous elements; may be set for types of unknown size only.</summary>
    public long ByteLength
    {
        get => Type == TensorType.Other ? _otherLength : checked(Count * Type.Size());
        init => _otherLength = value;
    }

    /// <summary>The shape as text, for messages: <c>[2, 3, 64, 64]</c>.</summary>
    public string ShapeText => $"[{string.Join(", ", Shape)}]";

    /// <summary>Whether the sides equal these.</summary>
    /// <param name="shape">Sides, outermost first.</param>
    public bool HasShape(ReadOnlySpan<long> shape)
    {
        if (shape.Length != Shape.Count)
            return false;
        for (var i = 0; i < shape.Length; i++)
        {
            if (Shape[i] != shape[i])
                return false;
        }
        return true;
    }

    /// <summary>Equal name, type and sides.</summary>
    /// <param name="other">The other entry.</param>
    public bool Equals(TensorEntry? other) =>
        other is not null && Name == other.Name && Type == other.Type && TypeName == other.TypeName && Shape.SequenceEqual(other.Shape);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Name, Type, Shape.Count);
}
