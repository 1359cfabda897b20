using System.IO.Hashing;
using System.Text;
using Hita.Checkpoints;
using Hita.Runtime;

namespace Hita.Training.Runs;

/// <summary>
/// The checksums of a checkpoint's files, in a file beside them: a line of the 128-bit xxHash, two blanks and the name for each, as
/// <c>xxh128sum</c> writes and checks them.
/// </summary>
internal static class CheckpointChecksums
{
    /// <summary>The name of the list.</summary>
    public const string FileName = "checksums.xxh128";

    private const int Block = 1 << 20;
    private const int MaxListBytes = 1 << 16;

    /// <summary>Writes the list for all files that lie in a folder, flushed to the disk.</summary>
    /// <param name="folder">The checkpoint's folder, complete but for the list.</param>
    public static void Write(string folder)
    {
        var list = new StringBuilder();
        foreach (var file in Directory.EnumerateFiles(folder).Where(static f => Path.GetFileName(f) != FileName).Order(StringComparer.Ordinal))
            list.Append(Of(file)).Append("  ").Append(Path.GetFileName(file)).Append('\n');
        using var stream = new FileStream(Path.Combine(folder, FileName), FileMode.Create, FileAccess.Write);
        stream.Write(ModelFolder.Text.GetBytes(list.ToString()));
        stream.Flush(flushToDisk: true);
    }

    /// <summary>Whether a folder has a list.</summary>
    public static bool Exist(string folder) => File.Exists(Path.Combine(folder, FileName));

    /// <summary>Compares a folder's files with its list.</summary>
    /// <returns>What is wrong with the first file that differs, in a few words that name it; null where all files are as they were written.</returns>
    /// <exception cref="CheckpointException">A file may not be opened, which is no damage.</exception>
    public static string? FindDamage(string folder)
    {
        var path = Path.Combine(folder, FileName);
        try
        {
            if (new FileInfo(path).Length > MaxListBytes)
                return $"{FileName} is no list of checksums";
            var listed = 0;
            foreach (var line in File.ReadAllLines(path, ModelFolder.Text))
            {
                var name = line.Length > 34 && line.AsSpan(32, 2) is "  " ? line[34..] : "";
                if (name.Length == 0 || name != Path.GetFileName(name) || name.Contains('\0', StringComparison.Ordinal))
                    return $"{FileName} is no list of checksums";
                path = Path.Combine(folder, name);
                if (!File.Exists(path))
                    return $"{MessageText.Short(name)} is missing";
                if (!line.AsSpan(0, 32).SequenceEqual(Of(path)))
                    return $"{MessageText.Short(name)} does not match its checksum";
                listed++;
            }
            return listed == 0 ? $"{FileName} is no list of checksums" : null;
        }
        catch (IOException e)
        {
            return $"{Path.GetFileName(path)} cannot be read: {SystemMessage.Of(e)}";
        }
        catch (UnauthorizedAccessException e)
        {
            throw CheckpointBytes.Explain(path, e);
        }
    }

    private static string Of(string path)
    {
        var hash = new XxHash128();
        var block = new byte[Block];
        // The block is the buffer.
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1, FileOptions.SequentialScan);
        while (stream.Read(block) is > 0 and var read)
            hash.Append(block.AsSpan(0, read));
        return Convert.ToHexStringLower(hash.GetCurrentHash());
    }
}
