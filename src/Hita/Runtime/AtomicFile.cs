using System.Text;

namespace Hita.Runtime;

/// <summary>
/// A file that appears under its name complete, or not at all: it is written beside its place, flushed to the disk and renamed.
/// Nothing else in this library renames files.
/// </summary>
internal sealed class AtomicFile : IDisposable
{
    private const string Extension = ".tmp";

    // Without a byte order mark, which some readers take for a part of the text.
    private static readonly UTF8Encoding Utf8 = new(false);

    private readonly string _given;
    private readonly string _path;
    private readonly string _temporary;
    private readonly Func<string, Exception, Exception> _explain;
    private bool _done;

    /// <summary>Starts the file.</summary>
    /// <param name="path">Where it will appear; its folder is created.</param>
    /// <param name="explain">Turns a fault at a path into what is thrown; <see cref="CannotWrite"/> where null.</param>
    /// <exception cref="CheckpointException">The file cannot be written.</exception>
    public AtomicFile(string path, Func<string, Exception, Exception>? explain = null)
    {
        (_given, _explain) = (path, explain ?? (static (at, e) => CannotWrite(at, e)));
        try
        {
            _path = System.IO.Path.GetFullPath(path);
            var folder = System.IO.Path.GetDirectoryName(_path) ?? throw new CheckpointException(path, "this is a folder where a file is to be written.");
            _temporary = System.IO.Path.Combine(folder, $".{System.IO.Path.GetFileName(_path)}.{Guid.NewGuid():N}{Extension}");
            if (Directory.Exists(_path))
                throw new CheckpointException(path, "this is a folder where a file is to be written.");
            Directory.CreateDirectory(folder);
            Stream = new FileStream(_temporary, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 1 << 16);
        }
        catch (Exception e)
        {
            throw Fault(e);
        }
    }

    public FileStream Stream { get; }

    /// <summary>Writes a whole file.</summary>
    /// <param name="path">Where it will appear; its folder is created.</param>
    /// <param name="write">Writes the contents.</param>
    /// <param name="explain">Turns a fault at a path into what is thrown; <see cref="CannotWrite"/> where null.</param>
    /// <exception cref="CheckpointException">The file cannot be written; what was there before is still there.</exception>
    public static void Write(string path, Action<FileStream> write, Func<string, Exception, Exception>? explain = null)
    {
        using var file = new AtomicFile(path, explain);
        try
        {
            write(file.Stream);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw file.Fault(e);
        }
        file.Complete();
    }

    /// <summary>Writes a text in UTF-8.</summary>
    /// <param name="path">Where the file will appear; its folder is created.</param>
    /// <param name="text">The text.</param>
    /// <exception cref="CheckpointException">The file cannot be written; what was there before is still there.</exception>
    public static void WriteText(string path, string text) => Write(path, stream => stream.Write(Utf8.GetBytes(text)));

    /// <summary>Gives a file its name that is whole and flushed already: one that took several processes to write, say.</summary>
    /// <param name="finished">The file, beside its place.</param>
    /// <param name="path">Its place; what is there is replaced.</param>
    public static void Rename(string finished, string path) => File.Move(finished, path, overwrite: true);

    /// <summary>As <see cref="Rename"/>, unless a file of that name is there already: then the finished one is deleted.</summary>
    /// <returns>Whether it was renamed; of several processes that try at once, one succeeds.</returns>
    public static bool TryRename(string finished, string path)
    {
        try
        {
            File.Move(finished, path, overwrite: false);
            return true;
        }
        catch (IOException) when (File.Exists(path))
        {
            File.Delete(finished);
            return false;
        }
    }

    /// <summary>Whether a file is one that a process did not live to rename.</summary>
    /// <param name="path">The file.</param>
    /// <param name="name">The name it was to get; null for any.</param>
    public static bool IsLeftOver(string path, string? name = null)
    {
        var own = System.IO.Path.GetFileName(path);
        return own.EndsWith(Extension, StringComparison.Ordinal) && own.StartsWith(name is null ? "." : $".{name}.", StringComparison.Ordinal);
    }

    /// <summary>Removes what kills left of a file, or of any.</summary>
    /// <param name="folder">Where the file is written.</param>
    /// <param name="name">The name it was to get; null for any.</param>
    /// <remarks>Only for a folder that this process alone writes: what another one is just writing looks the same.</remarks>
    public static void CleanUp(string folder, string? name = null)
    {
        try
        {
            foreach (var left in Directory.EnumerateFiles(folder, $".*{Extension}").Where(f => IsLeftOver(f, name)).ToList())
                File.Delete(left);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A leftover does no harm.
        }
    }

    /// <summary>Turns a failure to write into one sentence; other exceptions come back as they are.</summary>
    /// <param name="path">What was to be written, as its user knows it.</param>
    /// <param name="e">The failure.</param>
    /// <param name="needed">Bytes that it needs in all; 0 where that is not known.</param>
    public static Exception CannotWrite(string path, Exception e, long needed = 0) => e switch
    {
        IOException when DiskFault.IsFull(e) => new CheckpointException(
            path, $"the disk is full{(needed > 0 ? $", and {SystemMessage.Size(needed)} are needed" : "")}; free some space or choose another place.", e),
        UnauthorizedAccessException => new CheckpointException(path, "the file may not be written here; check the folder's permissions.", e),
        IOException => new CheckpointException(path, $"the file cannot be written: {DiskFault.Reason(e)}.", e),
        NotSupportedException or ArgumentException => new CheckpointException(path, "this is not a path a file can be written to.", e),
        _ => e,
    };

    /// <summary>Puts the file in its place; what was there before is replaced.</summary>
    public void Complete()
    {
        try
        {
            Stream.Flush(flushToDisk: true);
            Stream.Dispose();
            File.Move(_temporary, _path, overwrite: true);
            _done = true;
        }
        catch (Exception e)
        {
            throw Fault(e);
        }
    }

    /// <summary>What is to be thrown where writing to <see cref="Stream"/> has failed.</summary>
    /// <param name="thrown">What the stream has thrown.</param>
    /// <param name="needed">Bytes that the whole file needs; 0 where that is not known.</param>
    public Exception Fault(Exception thrown, long needed = 0) => needed > 0 ? CannotWrite(_given, thrown, needed) : _explain(_given, thrown);

    public void Dispose()
    {
        try
        {
            Stream.Dispose();
        }
        catch (IOException)
        {
            // A full disk reports its failure again while closing; the first report has already been made.
        }
        try
        {
            if (!_done)
                File.Delete(_temporary);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // What went wrong before matters more than the leftover.
        }
    }
}
