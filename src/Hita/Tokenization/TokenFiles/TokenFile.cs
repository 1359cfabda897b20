using Hita.Checkpoints;
using Hita.Runtime;

namespace Hita.Tokenization.TokenFiles;

/// <summary>
/// Reads and writes token files: the compact <c>.hita</c> format, which docs/hita-format.md describes, and <c>.safetensors</c>,
/// which other programs open without knowing of Hita.
/// </summary>
public static class TokenFile
{
    /// <summary>Reads a token file of either kind; its contents say which, not its name.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The images, all checked.</returns>
    /// <exception cref="CheckpointException">The file cannot be opened, is no token file, or anything in it is not as its format says.</exception>
    public static TokenSet Read(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        using (var file = CheckpointBytes.Open(path))
        {
            Span<byte> start = stackalloc byte[9];
            start = start[..(int)Math.Min(file.Length, start.Length)];
            file.Read(0, start);
            if (start.StartsWith(HitaFormat.Magic))
                return HitaReader.Read(file);
            if (start.IndexOf(HitaFormat.Name) is 0 or 1)
                throw new CheckpointException(path, "the first bytes of this .hita file are damaged, as happens when a file is transferred as text; copy it again as binary.");
            // A safetensors file is the length of its header, eight bytes, and then a JSON object.
            if (start.Length < 9 || start[8] != '{')
                throw new CheckpointException(path, "this is neither a .hita file nor a .safetensors file, so it cannot be read as codes.");
        }
        return SafetensorsTokens.Read(path);
    }

    /// <summary>Writes a token file. It appears under its name complete, or not at all; one that was there is replaced.</summary>
    /// <param name="set">The images.</param>
    /// <param name="path">
    /// Where to; the ending <c>.hita</c> or <c>.safetensors</c> chooses the format. In the latter all images must have one grid and
    /// one number of holistic codes.
    /// </param>
    /// <exception cref="CheckpointException">The ending is neither, the images do not fit into the format, or the file cannot be written.</exception>
    public static void Write(TokenSet set, string path)
    {
        ArgumentNullException.ThrowIfNull(set);
        ArgumentNullException.ThrowIfNull(path);
        if (path.EndsWith(".hita", StringComparison.OrdinalIgnoreCase))
            HitaWriter.Write(set, path);
        else if (path.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase))
            SafetensorsTokens.Write(set, path);
        else
            throw new CheckpointException(path, "the name of a token file must end in .hita or .safetensors, which says how it is written.");
    }
}
