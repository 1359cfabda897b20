using System.Text;
using Hita.Runtime;

namespace Hita.Checkpoints;

/// <summary>Opens weights of any kind that the library knows, told apart by their content and never by their name.</summary>
public static class WeightFile
{
    private const int HeadLength = 512;

    /// <summary>
    /// Opens a safetensors file, a zip file of <c>torch.save</c>, an index of a sharded model, or a model folder.
    /// </summary>
    /// <param name="path">The file or folder.</param>
    /// <param name="section">Which weights of a published checkpoint to take; files with one set of weights ignore it.</param>
    /// <exception cref="CheckpointException">It cannot be opened, is damaged, or is of no known kind; the message says what it is.</exception>
    public static ITensorSource Open(string path, WeightSection section = WeightSection.Automatic)
    {
        if (Directory.Exists(path))
            return ModelFolder.OpenWeights(path);
        return KindOf(path) switch
        {
            FileKind.TorchZip => TorchFile.Open(path, section),
            FileKind.Index => ShardedSource.Open(path),
            _ => SafetensorsFile.Open(path),
        };
    }

    internal enum FileKind
    {
        Safetensors,
        TorchZip,
        Index,
    }

    /// <summary>What a file is, by its first bytes; everything that cannot be opened is refused by name.</summary>
    internal static FileKind KindOf(string path)
    {
        using var file = CheckpointBytes.Open(path);
        Span<byte> all = stackalloc byte[HeadLength];
        var head = all[..(int)Math.Min(file.Length, HeadLength)];
        file.Read(0, head);
        if (head.Length == 0)
            throw new CheckpointException(path, "the file is empty.");
        if (head.StartsWith("PK\x03\x04"u8) || head.StartsWith("PK\x05\x06"u8))
            return FileKind.TorchZip;
        if (IsSafetensors(head))
            return FileKind.Safetensors;
        RefuseKnown(path, head);
        var text = head.TrimStart(" \t\r\n"u8);
        if (text.StartsWith("{"u8))
            return FileKind.Index;
        if (head.Length < 10)
            throw new CheckpointException(path, "the file is too short to hold weights.");
        throw new CheckpointException(path, "the file is neither safetensors nor a zip file of torch.save, and nothing else can be read.");
    }

    /// <summary>Whether a file starts as a safetensors file does.</summary>
    internal static bool LooksLikeSafetensors(string path)
    {
        using var file = CheckpointBytes.Open(path);
        Span<byte> head = stackalloc byte[9];
        if (file.Length < head.Length)
            return false;
        file.Read(0, head);
        return IsSafetensors(head);
    }

    private static bool IsSafetensors(ReadOnlySpan<byte> head) => head.Length >= 9 && head[8] == '{' && head[7] == 0;

    private static void RefuseKnown(string path, ReadOnlySpan<byte> head)
    {
        // The magic number of torch's format before version 1.6, as a pickled integer.
        if (head.Length > 16 && head[0] == 0x80 && head[2..].StartsWith((ReadOnlySpan<byte>)[0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19]))
            throw new CheckpointException(path, "this is a PyTorch file of the old format without zip; load it in Python and save it again with torch.save, which writes zip files since 1.6.");
        if (head.Length > 1 && head[0] == 0x80 && head[1] is >= 2 and <= 5)
            throw new CheckpointException(path, "this is a bare Python pickle, not a file of torch.save; save the weights with torch.save or as safetensors.");
        if (head.Length >= 262 && head[257..].StartsWith("ustar"u8))
            throw new CheckpointException(path, "this is a tar file; unpack it, and if a PyTorch file of the first tar format is meant, save it again with a current torch.save.");
        if (head.StartsWith("version https://git-lfs"u8))
            throw new CheckpointException(path, "this is a Git LFS pointer, not the weights themselves; run 'git lfs pull' or download the file itself.");
        if (head.StartsWith((ReadOnlySpan<byte>)[0x1f, 0x8b]) || head.StartsWith("BZh"u8) || head.StartsWith((ReadOnlySpan<byte>)[0xfd, (byte)'7', (byte)'z']) || head.StartsWith((ReadOnlySpan<byte>)[0x28, 0xb5, 0x2f, 0xfd]))
            throw new CheckpointException(path, "this is a compressed file; unpack it first.");
        if (head.StartsWith("GGUF"u8))
            throw new CheckpointException(path, "this is a GGUF file, which cannot be read; use the safetensors or PyTorch file it was made from.");
        if (head.StartsWith((ReadOnlySpan<byte>)[0x89, (byte)'H', (byte)'D', (byte)'F']))
            throw new CheckpointException(path, "this is an HDF5 file, which cannot be read; save the weights as safetensors.");
        var start = Encoding.Latin1.GetString(head[..Math.Min(head.Length, 64)]).TrimStart();
        if (start.StartsWith("<!doctype", StringComparison.OrdinalIgnoreCase) || start.StartsWith("<html", StringComparison.OrdinalIgnoreCase))
            throw new CheckpointException(path, "this is a web page, not weights; the download gave an error page or needs a login.");
    }
}
