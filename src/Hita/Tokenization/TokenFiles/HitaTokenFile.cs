using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;
using Hita.Checkpoints;
using Hita.Runtime;

namespace Hita.Tokenization;

/// <summary>The compact form: a header, names, bit-packed codes, a checksum. docs/hita-format.md is the specification.</summary>
internal sealed class HitaTokenFile : TokenFile
{
    private const int HeaderLength = 44;
    private const int ChecksumLength = 8;
    private const int NewestVersion = 1;
    private const byte HasNames = 1;

    // Like PNG's, the mark shows when a transfer has changed line ends or dropped the eighth bit.
    private static readonly byte[] Mark = [0x89, (byte)'H', (byte)'I', (byte)'T', (byte)'A', 0x0D, 0x0A, 0x1A];
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly CheckpointBytes _file;
    private readonly long[] _nameStarts;
    private readonly long _codesStart;

    private HitaTokenFile(CheckpointBytes file)
        : base(file.Path)
    {
        _file = file;
        Span<byte> header = stackalloc byte[HeaderLength];
        if (file.Length < HeaderLength + ChecksumLength)
            throw Wrong("is too short; it was cut short, so copy it again");
        file.Read(0, header);
        var version = BinaryPrimitives.ReadUInt16LittleEndian(header[8..]);
        if (version > NewestVersion)
            throw Wrong($"has version {version}, and this program knows up to {NewestVersion}; use a newer program");
        if (version == 0)
            throw Wrong("has version 0, which does not exist");
        var hash = header[28..44];
        Layout = new CodeLayout(
            BinaryPrimitives.ReadUInt16LittleEndian(header[12..]),
            BinaryPrimitives.ReadUInt16LittleEndian(header[14..]),
            Small(header[16..]),
            Small(header[20..]),
            hash.IndexOfAnyExcept((byte)0) < 0 ? null : ContentHash.FromBytes(hash));
        if (Layout.Fault() is { } fault)
            throw Wrong($"is damaged: {fault}");
        if (header[10] != Layout.BitsPerCode)
            throw Wrong($"is damaged: {header[10]} bits a code do not belong to a codebook of {Layout.CodebookSize}");
        if (header[11] > HasNames)
            throw Wrong("uses features this program does not know; use a newer program");
        // The number of images is believed only once the file's length bears it out.
        var count = BinaryPrimitives.ReadUInt32LittleEndian(header[24..]);
        var room = file.Length - HeaderLength - ChecksumLength;
        if (count == 0 || count > room / ImageBytes(Layout))
            throw Wrong($"claims {count} images, which its {file.Length} bytes do not hold");
        Count = (int)count;
        CheckSum();
        _nameStarts = header[11] == HasNames ? FindNames() : [];
        _codesStart = header[11] == HasNames ? _nameStarts[^1] : HeaderLength;
        if (file.Length - ChecksumLength - _codesStart != Count * ImageBytes(Layout))
            throw Wrong("is damaged: its length does not belong to its header");
    }

    public override int Count { get; }

    public override CodeLayout Layout { get; }

    /// <summary>Whether a file starts with the mark of the compact form.</summary>
    public static bool Recognises(string path)
    {
        using var file = CheckpointBytes.Open(path);
        Span<byte> start = stackalloc byte[8];
        if (file.Length < start.Length)
            return false;
        file.Read(0, start);
        if (!start.SequenceEqual(Mark) && start[1..5].SequenceEqual(Mark.AsSpan(1, 4)))
            throw new CheckpointException(path, "the token file was changed on its way, as by a transfer in text mode; copy it again in binary mode.");
        return start.SequenceEqual(Mark);
    }

    public static new HitaTokenFile Open(string path)
    {
        var file = CheckpointBytes.Open(path);
        try
        {
            return new HitaTokenFile(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public override ImageCodes Read(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
        var packed = new byte[ImageBytes(Layout)];
        _file.Read(_codesStart + (index * (long)packed.Length), packed);
        var bits = new CodeBits(packed, Layout.BitsPerCode);
        var holistic = Take(ref bits, Layout.HolisticCount, index);
        var patches = Take(ref bits, Layout.PatchCount, index);
        if (!bits.RestIsZero)
            throw Wrong($"is damaged: image {index} has bits after its last code");
        return new ImageCodes
        {
            Holistic = holistic,
            Patches = patches,
            GridHeight = Layout.GridHeight,
            GridWidth = Layout.GridWidth,
            CodebookSize = Layout.CodebookSize,
            ModelHash = Layout.ModelHash,
            Name = ReadName(index),
        };
    }

    public override void Dispose() => _file.Dispose();

    public static void Write(string path, CodeLayout layout, IReadOnlyList<ImageCodes> images)
    {
        var named = images.Any(i => i.Name is not null);
        var header = new byte[HeaderLength];
        Mark.CopyTo(header, 0);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(8), NewestVersion);
        header[10] = (byte)layout.BitsPerCode;
        header[11] = named ? HasNames : (byte)0;
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(12), (ushort)layout.GridHeight);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(14), (ushort)layout.GridWidth);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(16), layout.HolisticCount);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(20), layout.CodebookSize);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(24), images.Count);
        layout.ModelHash?.CopyTo(header.AsSpan(28));

        using var file = new AtomicFile(path);
        var sum = new XxHash64();
        try
        {
            Put(header);
            foreach (var image in named ? images : [])
            {
                var name = Strict.GetBytes(image.Name ?? "");
                Put([(byte)name.Length]);
                Put(name);
            }
            foreach (var image in images)
                Put(CodeBits.Pack(layout.BitsPerCode, ImageBytes(layout), image.Holistic, image.Patches));
            file.Stream.Write(sum.GetCurrentHash());
        }
        catch (Exception e)
        {
            throw AtomicFile.CannotWrite(path, e);
        }
        file.Complete();

        void Put(ReadOnlySpan<byte> bytes)
        {
            sum.Append(bytes);
            file.Stream.Write(bytes);
        }
    }

    private static int ImageBytes(CodeLayout layout) => (int)(((long)layout.CodeCount * layout.BitsPerCode + 7) / 8);

    private static int Small(ReadOnlySpan<byte> bytes) => (int)Math.Min(BinaryPrimitives.ReadUInt32LittleEndian(bytes), int.MaxValue);

    private int[] Take(ref CodeBits bits, int count, int image)
    {
        var codes = new int[count];
        for (var i = 0; i < count; i++)
        {
            codes[i] = bits.Next();
            if (codes[i] >= Layout.CodebookSize)
                throw Wrong($"holds the code {codes[i]} in image {image}, beyond its codebook of {Layout.CodebookSize}");
        }
        return codes;
    }

    private void CheckSum()
    {
        var sum = new XxHash64();
        var buffer = new byte[(int)Math.Min(_file.Length, 1 << 16)];
        var end = _file.Length - ChecksumLength;
        for (var at = 0L; at < end; at += buffer.Length)
        {
            var part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, end - at));
            _file.Read(at, part);
            sum.Append(part);
        }
        Span<byte> stored = stackalloc byte[ChecksumLength];
        _file.Read(end, stored);
        if (!stored.SequenceEqual(sum.GetCurrentHash()))
            throw Wrong("is damaged: its checksum does not belong to its content, so copy it again");
    }

    // Starts of all names and, last, of the codes.
    private long[] FindNames()
    {
        var starts = new long[Count + 1];
        var end = _file.Length - ChecksumLength;
        var at = (long)HeaderLength;
        Span<byte> length = stackalloc byte[1];
        for (var i = 0; i < Count; i++)
        {
            starts[i] = at;
            if (at >= end)
                throw Wrong("is damaged: its names reach beyond its end");
            _file.Read(at, length);
            at += 1 + length[0];
        }
        starts[Count] = at;
        return starts;
    }

    private string? ReadName(int index)
    {
        if (_nameStarts.Length == 0 || _nameStarts[index + 1] - _nameStarts[index] == 1)
            return null;
        var bytes = new byte[_nameStarts[index + 1] - _nameStarts[index] - 1];
        _file.Read(_nameStarts[index] + 1, bytes);
        try
        {
            var name = Strict.GetString(bytes);
            return NameFault(name) is { } fault ? throw Wrong($"gives image {index} a name that {fault}") : name;
        }
        catch (DecoderFallbackException e)
        {
            throw new CheckpointException(Path, $"the token file gives image {index} a name that is not valid UTF-8.", e);
        }
    }

    private CheckpointException Wrong(string how) => new(Path, $"the token file {how}.");
}
