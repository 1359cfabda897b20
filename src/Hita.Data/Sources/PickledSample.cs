using System.Buffers.Binary;
using System.Text;

namespace Hita.Data.Sources;

/// <summary>Where the parts of a pickled <c>{'image': bytes, 'label': int}</c> lie.</summary>
/// <param name="Image">The image file; null where there is none.</param>
/// <param name="Label">The class; null where there is none.</param>
internal readonly record struct PickledSample(LmdbValue? Image, long? Label)
{
    private const int MaxText = 256;

    /// <summary>
    /// Finds the parts without reading the image: only plain values are understood, nothing is ever called.
    /// </summary>
    /// <param name="file">The file.</param>
    /// <param name="record">Where the pickle lies in it.</param>
    /// <returns>Null where it is not such a pickle.</returns>
    public static PickledSample? Find(LmdbFile file, LmdbValue record) => new Scanner(file, record).Run();

    private ref struct Scanner(LmdbFile file, LmdbValue record)
    {
        private readonly long _end = record.Offset + record.Length;
        private readonly byte[] _window = new byte[MaxText + 16];
        private long _at = record.Offset;
        private long _windowStart = -1;
        private int _windowLength;
        private string? _key;
        private LmdbValue? _image;
        private long? _label;

        public PickledSample? Run()
        {
            while (Take(1) is [var instruction])
            {
                if (instruction == (byte)'.')
                    return new(_image, _label);
                if (!Step(instruction))
                    return null;
            }
            return null;
        }

        private bool Step(byte instruction) => instruction switch
        {
            0x80 or (byte)'q' or (byte)'h' => Skip(1), // protocol; notes for later reference
            0x95 => Skip(8), // frame
            (byte)'r' or (byte)'j' => Skip(4),
            0x94 or (byte)'}' or (byte)'(' or (byte)'u' or (byte)'s' => true,
            0x8C => Text(Number(1)),
            (byte)'X' => Text(Number(4)),
            0x8D => Text(Number(8)),
            (byte)'C' => Bytes(Number(1)),
            (byte)'B' => Bytes(Number(4)),
            0x8E => Bytes(Number(8)),
            (byte)'K' => Integer(Number(1)),
            (byte)'M' => Integer(Number(2)),
            (byte)'J' => Integer(Number(4) is { } unsigned ? (int)(uint)unsigned : null),
            0x8A => Number(1) is { } length and <= 8 && Integer(Signed(Take((int)length), length)),
            (byte)'G' => Skip(8) && Forget(), // a real number
            (byte)'N' or 0x88 or 0x89 => Forget(), // None, True, False
            _ => false,
        };

        private bool Text(long? length)
        {
            if (length is not (>= 0 and <= MaxText))
                return false;
            var bytes = Take((int)length);
            if (bytes.Length != length)
                return false;
            // A text after a key is its value, and of no use here.
            _key = _key is null ? Encoding.UTF8.GetString(bytes) : null;
            return true;
        }

        private bool Bytes(long? length)
        {
            if (length is not { } count || count < 0 || count > _end - _at)
                return false;
            if (_key == "image")
                _image = new(_at, count);
            _key = null;
            _at += count;
            return true;
        }

        private bool Integer(long? value)
        {
            if (value is null)
                return false;
            if (_key == "label")
                _label = value;
            _key = null;
            return true;
        }

        private bool Forget()
        {
            _key = null;
            return true;
        }

        private bool Skip(int count)
        {
            _at += count;
            return _at <= _end;
        }

        private long? Number(int bytes)
        {
            Span<byte> number = stackalloc byte[8];
            number.Clear();
            var taken = Take(bytes);
            taken.CopyTo(number);
            return taken.Length == bytes ? BinaryPrimitives.ReadInt64LittleEndian(number) : null;
        }

        private static long? Signed(ReadOnlySpan<byte> bytes, long length)
        {
            if (bytes.Length != length)
                return null;
            Span<byte> number = stackalloc byte[8];
            number.Fill(bytes.Length > 0 && bytes[^1] >= 0x80 ? (byte)0xFF : (byte)0);
            bytes.CopyTo(number);
            return BinaryPrimitives.ReadInt64LittleEndian(number);
        }

        // Fewer bytes than asked for, if the record ends before.
        private ReadOnlySpan<byte> Take(int count)
        {
            count = (int)Math.Min(count, _end - _at);
            if (_at < _windowStart || _windowStart < 0 || _at + count > _windowStart + _windowLength)
            {
                _windowStart = _at;
                _windowLength = (int)Math.Min(_window.Length, _end - _at);
                file.Read(_at, _window.AsSpan(0, _windowLength));
            }
            var taken = _window.AsSpan((int)(_at - _windowStart), count);
            _at += count;
            return taken;
        }
    }
}
