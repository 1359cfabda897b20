namespace Hita.Checkpoints.Torch;

/// <summary>One part of a zip file.</summary>
/// <param name="Name">Its name, with folders.</param>
/// <param name="Deflated">Whether it is compressed.</param>
/// <param name="StoredLength">Bytes it takes in the zip file.</param>
/// <param name="Length">Bytes it claims to have once unpacked.</param>
/// <param name="HeaderStart">Where its own header starts in the zip file.</param>
internal sealed record ZipEntry(string Name, bool Deflated, long StoredLength, long Length, long HeaderStart)
{
    /// <summary>Where the next part or the directory starts: nothing of this one lies at or behind it.</summary>
    public long Limit { get; set; }
}
