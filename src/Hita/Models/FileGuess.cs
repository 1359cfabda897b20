using System.Buffers.Binary;
using System.Text;
using Hita.Checkpoints;
using Hita.Checkpoints.Onnx;
using Hita.Checkpoints.Torch;
using Hita.Runtime;

namespace Hita.Models;

/// <summary>Tells files apart by how they begin.</summary>
internal static class FileGuess
{
    private const int HeadBytes = 512;
    private const int TarMark = 257;

    private const string AskForOther = "a PyTorch checkpoint, a safetensors file or a model folder is needed";

    private static readonly (byte[] Start, string What)[] Starts =
    [
        ("GGUF"u8.ToArray(), "a GGUF file"),
        ([0x89, .. "HDF"u8], "an HDF5 file"),
        ([0x93, .. "NUMPY"u8], "a NumPy array"),
        ([0x1F, 0x8B], "a file compressed with gzip; unpack it first"),
        ([0x28, 0xB5, 0x2F, 0xFD], "a file compressed with zstd; unpack it first"),
        ([0xFD, .. "7zXZ"u8], "a file compressed with xz; unpack it first"),
        ([(byte)'7', (byte)'z', 0xBC, 0xAF], "a 7z archive; unpack it first"),
        ("Rar!"u8.ToArray(), "a RAR archive; unpack it first"),
        ([0x89, .. "PNG"u8], "a PNG image"),
        ([0xFF, 0xD8, 0xFF], "a JPEG image"),
        ("%PDF"u8.ToArray(), "a PDF document"),
        ("version https://git-lfs"u8.ToArray(), "a Git LFS pointer and not the file itself; fetch that with 'git lfs pull'"),
    ];

    /// <summary>Opens a file of either kind of weights.</summary>
    /// <exception cref="CheckpointException">It is of another kind, or broken.</exception>
    public static ITensorSource Open(string path, WeightSection section)
    {
        var head = Head(path, out var length);
        if (head is [(byte)'P', (byte)'K', 3, 4, ..] || TorchLegacyArchive.Begins(head))
            return TransformersDinov2.Of(UnwrappedTensors.Of(TorchCheckpoint.Open(path, section)));
        if (head.Length > 8 && head[8] == '{' && BinaryPrimitives.ReadUInt64LittleEndian(head) <= SafetensorsHeader.MaxBytes)
            return TransformersDinov2.Of(UnwrappedTensors.Of(SafetensorsFile.Open(path)));
        if (OnnxFile.Begins(head))
            return OnnxFile.Open(path);
        throw new CheckpointException(path, length == 0
            ? "the file is empty; copy or download it again."
            : Guess(head) is { } what
                ? $"this looks like {what}{(what.Contains(';') ? "" : $", where {AskForOther}")}."
                : $"this is not a weight file of a known kind; {AskForOther}.");
    }

    private static byte[] Head(string path, out long length)
    {
        using var file = CheckpointBytes.Open(path);
        length = file.Length;
        var head = new byte[(int)Math.Min(length, HeadBytes)];
        file.Read(0, head);
        return head;
    }

    private static string? Guess(ReadOnlySpan<byte> head)
    {
        foreach (var (start, what) in Starts)
        {
            if (head.StartsWith(start))
                return what;
        }
        if (head.Length > 2 && head[0] == 0x80 && head[1] is >= 2 and <= 5)
            return "a plain Python pickle, which may run programs when it is loaded; in Python, save its tensors with torch.save or as safetensors";
        if (head.Length > TarMark + 5 && head.Slice(TarMark, 5).SequenceEqual("ustar"u8))
            return "a tar archive; unpack it first, and where PyTorch before 0.2 wrote it, load it there and save it anew";
        if (head.IndexOfAnyExcept((byte)0) < 0)
            return "a file of nothing but zeros, as interrupted downloads leave behind; copy or download it again";
        return GuessText(Encoding.UTF8.GetString(head).TrimStart('\uFEFF', ' ', '\t', '\r', '\n'));
    }

    private static string? GuessText(string text)
    {
        if (text.StartsWith("<!doctype html", StringComparison.OrdinalIgnoreCase) || text.StartsWith("<html", StringComparison.OrdinalIgnoreCase))
            return "a web page, as a download without permission gives; download the file itself";
        if (text.StartsWith('<'))
            return "an XML document";
        if (text.StartsWith('{') || text.StartsWith('['))
            return "JSON text";
        return text.Length > 0 && !text.Any(static c => c == '\uFFFD' || (char.IsControl(c) && !char.IsWhiteSpace(c))) ? "a text file" : null;
    }
}
