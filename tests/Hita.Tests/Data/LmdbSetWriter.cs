using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Hita.Data.Conversion;

namespace Hita.Tests.Data;

/// <summary>
/// The published LMDB layout: under "0", "1", … a pickled <c>{'image': bytes, 'label': int}</c>, and <c>num_samples</c>.
/// </summary>
internal sealed class LmdbSetWriter(string folder) : IImageSetWriter
{
    private readonly LmdbFileWriter _file = new(Path.Combine(folder, "data.mdb"));
    private int _count;

    public void Add(int number, ReadOnlySpan<byte> file, string extension, int label)
    {
        _file.Add(Key(number), Pickle(file, label));
        _count = number + 1;
    }

    public void Complete()
    {
        _file.Add(Encoding.ASCII.GetBytes("num_samples"), Key(_count));
        _file.Complete();
    }

    public void Dispose() => _file.Dispose();

    private static byte[] Key(int number) => Encoding.ASCII.GetBytes(number.ToString(CultureInfo.InvariantCulture));

    // Protocol 4, without frames, which are optional.
    private static byte[] Pickle(ReadOnlySpan<byte> image, int label)
    {
        Span<byte> length = stackalloc byte[4];
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, image.Length);
        BinaryPrimitives.WriteInt32LittleEndian(number, label);
        return
        [
            0x80, 4, (byte)'}', 0x94, (byte)'(', 0x8C, 5, .. "image"u8, 0x94, (byte)'B', .. length, .. image, 0x94,
            0x8C, 5, .. "label"u8, 0x94, (byte)'J', .. number, (byte)'u', (byte)'.',
        ];
    }
}
