namespace Hita.Tokenization;

/// <summary>Codes of a fixed number of bits, packed from the lowest bit of the first byte upwards.</summary>
internal ref struct CodeBits(ReadOnlySpan<byte> packed, int bits)
{
    private readonly ReadOnlySpan<byte> _packed = packed;
    private int _at;
    private ulong _held;
    private int _heldBits;

    /// <summary>The next code. There must be one.</summary>
    public int Next()
    {
        while (_heldBits < bits)
        {
            _held |= (ulong)_packed[_at++] << _heldBits;
            _heldBits += 8;
        }
        var code = (int)(_held & ((1UL << bits) - 1));
        _held >>= bits;
        _heldBits -= bits;
        return code;
    }

    /// <summary>Whether all bits after the last code are zero.</summary>
    public readonly bool RestIsZero => _held == 0 && _packed[_at..].IndexOfAnyExcept((byte)0) < 0;

    /// <summary>Packs codes, one array after the other.</summary>
    public static byte[] Pack(int bits, int length, params ReadOnlySpan<int[]> arrays)
    {
        var packed = new byte[length];
        var (at, held, heldBits) = (0, 0UL, 0);
        foreach (var codes in arrays)
        {
            foreach (var code in codes)
            {
                held |= (ulong)code << heldBits;
                for (heldBits += bits; heldBits >= 8; heldBits -= 8)
                {
                    packed[at++] = (byte)held;
                    held >>= 8;
                }
            }
        }
        if (heldBits > 0)
            packed[at] = (byte)held;
        return packed;
    }
}
