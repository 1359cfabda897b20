using System.Runtime.CompilerServices;
using Hita.Runtime;

namespace Hita.Checkpoints.Torch;

/// <summary>A tensor whose place in the file has been checked.</summary>
internal sealed class StoredTensor
{
    private readonly long[] _shape;
    private readonly long[] _strides;
    private readonly int _size;

    private StoredTensor(TensorEntry entry, long start, long span, PickleTensor tensor)
    {
        Entry = entry;
        Start = start;
        Span = span;
        _shape = tensor.Shape;
        _strides = tensor.Strides;
        _size = tensor.Element.Size;
        IsContiguous = Contiguous();
    }

    public TensorEntry Entry { get; }

    /// <summary>Where its first element lies in the file.</summary>
    public long Start { get; }

    /// <summary>Bytes from its first element to the end of its last.</summary>
    public long Span { get; }

    /// <summary>Whether its elements lie in the file in the order they are read in.</summary>
    public bool IsContiguous { get; }

    /// <summary>Checks a tensor against its storage.</summary>
    /// <returns>Null for a tensor that repeats its stored elements, as one that was expanded does.</returns>
    /// <exception cref="CheckpointException">It reaches beyond its storage.</exception>
    public static StoredTensor? Locate(TorchArchive archive, string name, PickleTensor tensor)
    {
        if (tensor.IsUnset)
            throw Wrong("was never given any elements");
        var size = tensor.Element.Size;
        Int128 count = 1;
        Int128 last = tensor.Offset;
        for (var i = 0; i < tensor.Shape.Length; i++)
        {
            if (tensor.Shape[i] < 0 || tensor.Strides[i] < 0)
                throw Wrong("has a negative side or stride");
            count *= tensor.Shape[i];
            last += (Int128)Math.Max(tensor.Shape[i] - 1, 0) * tensor.Strides[i];
            if (count > long.MaxValue / 16 || last > long.MaxValue / 16)
                throw Wrong("is larger than any memory");
        }
        var available = tensor.Storage.Element is null ? tensor.Storage.Count / size : tensor.Storage.Count;
        if (tensor.Storage.Element is { } stored && stored != tensor.Element)
            throw Wrong($"holds {tensor.Element.Name} values in a storage of {stored.Name}");
        if (tensor.Offset < 0 || tensor.Offset > available || (count > 0 && last >= available))
            throw Wrong("reaches beyond its storage");
        if (count > available)
            return null;

        var start = archive.StorageStart(tensor.Storage, size, name) + (tensor.Offset * size);
        var entry = new TensorEntry(name, tensor.Element.Type, tensor.Shape) { TypeName = tensor.Element.Name };
        if (entry.Type == TensorType.Other)
            entry = entry with { ByteLength = (long)count * size };
        return new StoredTensor(entry, start, count == 0 ? 0 : ((long)last - tensor.Offset + 1) * size, tensor);

        CheckpointException Wrong(string how) =>
            new(archive.File.Path, $"the tensor '{MessageText.Short(name)}' of shape [{MessageText.Short(string.Join(", ", tensor.Shape))}] {how}.");
    }

    /// <summary>Copies a part of the tensor in the order it is read in, from wherever its elements lie.</summary>
    /// <param name="elements">The tensor's first element; <see cref="Span"/> bytes can be read there.</param>
    /// <param name="byteOffset">Where the part starts in the tensor.</param>
    /// <param name="destination">Receives whole elements.</param>
    public unsafe void Gather(byte* elements, long byteOffset, Span<byte> destination)
    {
        var sides = _shape.Length;
        var at = new long[sides];
        var place = 0L;
        var rest = byteOffset / _size;
        for (var i = sides - 1; i >= 0; i--)
        {
            (rest, at[i]) = Math.DivRem(rest, _shape[i]);
            place += at[i] * _strides[i];
        }
        while (true)
        {
            var run = (int)Math.Min(_shape[^1] - at[^1], destination.Length / _size);
            CopyRun(elements + (place * _size), _strides[^1], destination[..(run * _size)]);
            destination = destination[(run * _size)..];
            if (destination.IsEmpty)
                return;
            place -= at[^1] * _strides[^1];
            at[^1] = 0;
            var side = sides - 2;
            while (++at[side] == _shape[side])
            {
                place -= (at[side] - 1) * _strides[side];
                at[side--] = 0;
            }
            place += _strides[side];
        }
    }

    private unsafe void CopyRun(byte* from, long stride, Span<byte> to)
    {
        if (stride == 1)
        {
            new ReadOnlySpan<byte>(from, to.Length).CopyTo(to);
            return;
        }
        var step = stride * _size;
        fixed (byte* start = to)
        {
            var end = start + to.Length;
            for (var target = start; target < end; target += _size, from += step)
            {
                switch (_size)
                {
                    case 1:
                        *target = *from;
                        break;
                    case 2:
                        Unsafe.WriteUnaligned(target, Unsafe.ReadUnaligned<ushort>(from));
                        break;
                    case 4:
                        Unsafe.WriteUnaligned(target, Unsafe.ReadUnaligned<uint>(from));
                        break;
                    case 8:
                        Unsafe.WriteUnaligned(target, Unsafe.ReadUnaligned<ulong>(from));
                        break;
                    default:
                        Unsafe.CopyBlockUnaligned(target, from, (uint)_size);
                        break;
                }
            }
        }
    }

    private bool Contiguous()
    {
        var expected = 1L;
        for (var i = _shape.Length - 1; i >= 0; i--)
        {
            if (_shape[i] == 0)
                return true;
            if (_shape[i] != 1 && _strides[i] != expected)
                return false;
            expected *= _shape[i];
        }
        return true;
    }
}
