namespace Hita.Tokenization.TokenFiles;

/// <summary>The numbers of the <c>.hita</c> format, which docs/hita-format.md describes.</summary>
internal static class HitaFormat
{
    public const ushort Version = 1;
    public const int VersionAt = 8;
    public const int BitsAt = 10;
    public const int FlagsAt = 11;
    public const int CodebookAt = 12;
    public const int HashAt = 16;
    public const int HashBytes = 16;
    public const int CountAt = 32;
    public const int HeaderBytes = 36;
    public const int ImageHeaderBytes = 10;
    public const int ChecksumBytes = 4;

    /// <summary>An image has one code at least.</summary>
    public const int MinImageBytes = ImageHeaderBytes + 1;

    /// <summary>The whole file is kept in one array.</summary>
    public static long MaxBytes => Array.MaxLength;

    /// <summary>A byte beyond ASCII and both kinds of line ends: a transfer as text damages them, and shows.</summary>
    public static ReadOnlySpan<byte> Magic => [0x89, (byte)'H', (byte)'I', (byte)'T', (byte)'A', 0x0D, 0x0A, 0x1A];

    /// <summary>The part of the magic that a transfer as text leaves recognisable.</summary>
    public static ReadOnlySpan<byte> Name => Magic.Slice(1, 4);
}
