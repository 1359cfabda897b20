namespace Hita.Runtime;

/// <summary>A file that appears under its name complete, or not at all.</summary>
internal sealed class AtomicFile : IDisposable
{
    private readonly string _path;
    private readonly string _temporary;
    private bool _done;

    public AtomicFile(string path)
    {
        try
        {
            _path = System.IO.Path.GetFullPath(path);
            var folder = System.IO.Path.GetDirectoryName(_path) ?? throw new CheckpointException(path, "this is a folder where a file is to be written.");
            _temporary = System.IO.Path.Combine(folder, $".{System.IO.Path.GetFileName(_path)}.{Guid.NewGuid():N}.tmp");
            if (Directory.Exists(_path))
                throw new CheckpointException(path, "this is a folder where a file is to be written.");
            Directory.CreateDirectory(folder);
            Stream = new FileStream(_temporary, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 1 << 16);
        }
        catch (Exception e)
        {
            throw CannotWrite(path, e);
        }
    }

    public FileStream Stream { get; }

    /// <summary>The name under which the file is to appear; that of <see cref="Stream"/> is a temporary one.</summary>
    public string Path => _path;

    /// <summary>Turns a failure to write into one sentence; other exceptions come back as they are.</summary>
    /// <param name="path">What was to be written, as its user knows it.</param>
    /// <param name="e">The failure.</param>
    /// <param name="needed">Bytes that it needs in all; 0 where that is not known.</param>
    public static Exception CannotWrite(string path, Exception e, long needed = 0) => e switch
    {
        IOException when IsFullDisk(e) => new CheckpointException(
            path, $"the disk is full{(needed > 0 ? $", and {SystemMessage.Size(needed)} are needed" : "")}; free some space or choose another place.", e),
        UnauthorizedAccessException => new CheckpointException(path, "the file may not be written here; check the folder's permissions.", e),
        IOException => new CheckpointException(path, $"the file cannot be written: {SystemMessage.Of(e)}.", e),
        NotSupportedException or ArgumentException => new CheckpointException(path, "this is not a path a file can be written to.", e),
        _ => e,
    };

    /// <summary>Whether a failure is that of a full disk or a used-up quota.</summary>
    public static bool IsFullDisk(Exception e) => e is IOException && e.HResult is 28 or 122 or unchecked((int)0x80070070);

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
            throw CannotWrite(_path, e);
        }
    }

    public void Dispose()
    {
        try
        {
            Stream.Dispose();
            if (!_done)
                File.Delete(_temporary);
        }
        catch (IOException)
        {
            // A full disk reports its failure again while closing; the first report has already been made.
        }
    }
}
