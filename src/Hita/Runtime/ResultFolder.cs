namespace Hita.Runtime;

/// <summary>
/// The folder that results go to. It is made before the work, so that a place that cannot be written is found out then; where the work
/// ended without a result, the folders that were made for it are taken away again.
/// </summary>
public sealed class ResultFolder : IDisposable
{
    // The innermost first.
    private readonly List<string> _made = [];

    /// <summary>Makes a folder where it is not there yet.</summary>
    /// <param name="folder">The folder.</param>
    /// <exception cref="IOException">It cannot be made; nothing is left of it.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be made; nothing is left of it.</exception>
    public ResultFolder(string folder)
    {
        for (var at = Path.GetFullPath(folder); at is not null && !Directory.Exists(at); at = Path.GetDirectoryName(at))
            _made.Add(at);
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The folder that a file is to be written to.</summary>
    /// <param name="file">The file.</param>
    /// <inheritdoc cref="ResultFolder(string)" path="/exception"/>
    public static ResultFolder Of(string file) => new(Path.GetDirectoryName(Path.GetFullPath(file))!);

    /// <summary>Deletes what was made and is empty still.</summary>
    public void Dispose()
    {
        foreach (var folder in _made.Where(Directory.Exists))
        {
            try
            {
                Directory.Delete(folder);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Results are in it, or somebody else's files.
                return;
            }
        }
    }
}
