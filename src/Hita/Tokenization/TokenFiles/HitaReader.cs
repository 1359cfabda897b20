using System.Buffers.Binary;
using System.IO.Hashing;
using System.Numerics;
using System.Text.Unicode;
using Hita.Checkpoints;
using Hita.Runtime;

namespace Hita.Tokenization.TokenFiles;

/// <summary>Reads <c>.hita</c> files, and believes nothing in them before it is checked.</summary>
internal sealed class HitaReader
{
    private readonly string _path;
    private readonly byte[] _bytes;

    // Where the images end and the checksum starts.
    private readonly int _end;

    private HitaReader(string path, byte[] bytes)
    {
        _path = path;
        _bytes = bytes;
        _end = bytes.Length - HitaFormat.ChecksumBytes;
    }

    /// <summary>Reads a whole file whose first bytes are the magic.</summary>
    /// <exception cref="CheckpointException">Anything in it is not as the format says.</exception>
    public static TokenSet Read(CheckpointBytes file)
    {
        if (file.Length > HitaFormat.MaxBytes)
            throw new CheckpointException(file.Path, $"the file has {file.Length} bytes and token files may have {HitaFormat.MaxBytes}; split it over several.");
        var bytes = GC.AllocateUninitializedArray<byte>((int)file.Length);
        file.Read(0, bytes);
        return new HitaReader(file.Path, bytes).Parse();
    }

    private TokenSet Parse()
    {
        // The version comes before the checksum: another version may well keep its checksum elsewhere.
        if (_bytes.Length < HitaFormat.BitsAt)
            throw CutShort();
        var version = BinaryPrimitives.ReadUInt16LittleEndian(_bytes.AsSpan(HitaFormat.VersionAt));
        if (version > HitaFormat.Version)
            throw Wrong($"the file has version {version} of the format, and this program reads version {HitaFormat.Version}; update Hita for .NET");
        if (version == 0)
            throw Wrong("the file claims version 0 of the format, which never existed; it is damaged, so copy or download it again");
        if (_bytes.Length < HitaFormat.HeaderBytes + HitaFormat.MinImageBytes + HitaFormat.ChecksumBytes)
            throw CutShort();
        if (Crc32.HashToUInt32(_bytes.AsSpan(0, _end)) != BinaryPrimitives.ReadUInt32LittleEndian(_bytes.AsSpan(_end)))
            throw Wrong("the checksum does not fit the contents; the file is damaged or was cut short, so copy or download it again");

        if (_bytes[HitaFormat.FlagsAt] != 0)
            throw Wrong($"the file uses features (flags {_bytes[HitaFormat.FlagsAt]}) that this program does not know; update Hita for .NET");
        var codebook = BinaryPrimitives.ReadUInt32LittleEndian(_bytes.AsSpan(HitaFormat.CodebookAt));
        if (codebook is < 2 or > TokenSet.LargestCodebook)
            throw Wrong($"the file claims a codebook of {codebook} entries, and 2 to {TokenSet.LargestCodebook} are possible");
        var bits = PackedCodes.BitsFor((int)codebook);
        if (_bytes[HitaFormat.BitsAt] != bits)
            throw Wrong($"the file claims {_bytes[HitaFormat.BitsAt]} bits a code, and a codebook of {codebook} entries needs {bits}");
        var hash = _bytes.AsSpan(HitaFormat.HashAt, HitaFormat.HashBytes);
        var hashText = hash.ContainsAnyExcept((byte)0) ? Convert.ToHexStringLower(hash) : "";
        return TokenSet.OfChecked((int)codebook, new HitaImages(_bytes, Starts((int)codebook, bits), bits), hashText);
    }

    private int[] Starts(int codebook, int bits)
    {
        var count = BinaryPrimitives.ReadUInt32LittleEndian(_bytes.AsSpan(HitaFormat.CountAt));
        if (count == 0)
            throw Wrong("the file holds no image");
        // The list costs four bytes an image, and the smallest image takes eleven in the file.
        if (count > (_end - HitaFormat.HeaderBytes) / HitaFormat.MinImageBytes)
            throw Wrong($"the file claims {count} images, and its {_bytes.Length} bytes cannot hold so many");
        var starts = new int[count];
        var at = HitaFormat.HeaderBytes;
        for (var i = 0; i < starts.Length; i++)
        {
            starts[i] = at;
            at = CheckImage(i, at, codebook, bits);
        }
        if (at != _end)
            throw Wrong($"{_end - at} bytes follow the last image, and nothing may be there");
        return starts;
    }

    /// <summary>Checks the image that starts here.</summary>
    /// <returns>Where the next one starts.</returns>
    private int CheckImage(int index, int at, int codebook, int bits)
    {
        if (_end - at < HitaFormat.ImageHeaderBytes)
            throw Wrong($"the images end inside image {index + 1}");
        var head = HitaImageHeader.Read(_bytes.AsSpan(at));
        if (TokenImage.SizeFault(head.GridHeight, head.GridWidth, head.Holistic) is { } fault)
            throw Wrong($"image {index + 1} is not possible: {fault}");
        at += HitaFormat.ImageHeaderBytes;
        var codeBytes = PackedCodes.ByteCount(head.CodeCount, bits);
        if (head.NameBytes + codeBytes > _end - at)
            throw Wrong($"image {index + 1} claims {head.NameBytes + codeBytes} bytes where {_end - at} are left");

        var nameBytes = _bytes.AsSpan(at, head.NameBytes);
        if (!Utf8.IsValid(nameBytes))
            throw Wrong($"the name of image {index + 1} is not valid UTF-8");
        at += head.NameBytes;
        CheckCodes(index, at, (int)head.CodeCount, codebook, bits);
        at += (int)codeBytes;
        // One set of codes has one form: what fills up the last byte is zero.
        var used = (int)(head.CodeCount * bits % 8);
        if (used != 0 && _bytes[at - 1] >> used != 0)
            throw Wrong($"the bits after the last code of image {index + 1} are not zero");
        return at;
    }

    private void CheckCodes(int index, int at, int count, int codebook, int bits)
    {
        if (BitOperations.IsPow2(codebook))
            return;
        var codes = new PackedCodes(_bytes, 8L * at, bits, count);
        for (var i = 0; i < count; i++)
        {
            if (codes[i] >= codebook)
                throw Wrong($"image {index + 1} has the code {codes[i]}, which is not in a codebook of {codebook} entries");
        }
    }

    private CheckpointException CutShort() => Wrong($"the file has only {_bytes.Length} bytes; it was cut short, so copy or download it again");

    private CheckpointException Wrong(string fault) => new(_path, fault + ".");
}
