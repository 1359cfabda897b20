using Hita.Runtime;

namespace Hita.Training.Runs;

/// <summary>How a run begins.</summary>
public enum RunStart
{
    /// <summary>A new run; the folder must be empty or absent.</summary>
    New,

    /// <summary>From the newest checkpoint of a run that is there.</summary>
    Resume,
}

/// <summary>The folder of a run, held by one process at a time.</summary>
/// <remarks>
/// Whatever is written here appears whole under its name or not at all, so that a run can be read after a kill at any instant.
/// What a kill left half done is removed when the folder is opened the next time.
/// </remarks>
public sealed class RunFolder : IDisposable
{
    /// <summary>The resolved recipe's file name.</summary>
    public const string RecipeName = "recipe.yaml";

    /// <summary>The folder of the model made of the averaged weights.</summary>
    public const string ModelName = "model";

    /// <summary>The folder of TensorBoard's event files.</summary>
    public const string EventsName = "events";

    /// <summary>The folder of sample images.</summary>
    public const string SamplesName = "samples";

    private readonly FolderLock _lock;
    private readonly ResultFolder _made;

    private RunFolder(string path, FolderLock held, ResultFolder made)
    {
        Path = path;
        _lock = held;
        _made = made;
        Checkpoints = new CheckpointStore(System.IO.Path.Combine(path, CheckpointStore.FolderName));
    }

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <summary>The checkpoints.</summary>
    public CheckpointStore Checkpoints { get; }

    /// <summary>Whether a folder holds a run.</summary>
    /// <param name="path">The folder.</param>
    public static bool IsRun(string path) => File.Exists(System.IO.Path.Combine(path, RecipeName));

    /// <summary>Opens a run's folder, creates it where it is new, and removes what a kill left half done.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="start">Whether a run is to begin or to continue.</param>
    /// <exception cref="HitaException">
    /// Another process holds it, or it holds a run and a new one is to begin, or it holds none and one is to continue.
    /// </exception>
    public static RunFolder Open(string path, RunStart start)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        path = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path));
        if (File.Exists(path))
            throw new HitaException($"{path}: this is a file where a run's folder is needed; name another place.");
        if (start == RunStart.Resume && !IsRun(path))
            throw new HitaException($"{path}: there is no run here to resume; leave --resume out to begin one.");
        var (held, made) = Lock(path);
        try
        {
            if (start == RunStart.New)
                RequireEmpty(path);
            var run = new RunFolder(path, held, made);
            run.CleanUp();
            return run;
        }
        catch
        {
            held.Dispose();
            made.Dispose();
            throw;
        }
    }

    /// <summary>A path inside the folder.</summary>
    /// <param name="name">The file or folder.</param>
    public string this[string name] => System.IO.Path.Combine(Path, name);

    /// <summary>Lets other processes in. Folders that were made for a run that never began are removed.</summary>
    public void Dispose()
    {
        _lock.Dispose();
        _made.Dispose();
    }

    private static (FolderLock Held, ResultFolder Made) Lock(string path)
    {
        try
        {
            var made = new ResultFolder(path);
            return (FolderLock.TryTake(path)
                ?? throw new HitaException($"{path}: another process is training in this folder; wait for it, or name another folder."), made);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HitaException($"{path}: the run's folder cannot be written: {SystemMessage.Of(e)}.", e);
        }
    }

    private static void RequireEmpty(string path)
    {
        if (IsRun(path))
            throw new HitaException($"{path}: there is a run here already; --resume continues it, another folder begins a new one.");
        var foreign = Directory.EnumerateFileSystemEntries(path).Select(System.IO.Path.GetFileName).FirstOrDefault(static n => n != FolderLock.FileName && !IsLeftOver(n!));
        if (foreign is not null)
            throw new HitaException($"{path}: this folder holds '{foreign}', and a run begins in an empty folder; name another one.");
    }

    private void CleanUp()
    {
        Checkpoints.CleanUp();
        foreach (var left in Directory.EnumerateFiles(Path).Where(IsLeftOver).ToList())
            File.Delete(left);
        AtomicFolder.CleanUp(Path, static n => n == ModelName);
    }

    // What this library writes beside its place before it renames it.
    private static bool IsLeftOver(string path) =>
        AtomicFile.IsLeftOver(path, RecipeName) || AtomicFolder.IsLeftOver(path, ModelName);
}
