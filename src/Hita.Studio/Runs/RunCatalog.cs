using Hita.Studio.Settings;

namespace Hita.Studio.Runs;

/// <summary>The training runs that are shown. Visitors choose among them; no request names a folder.</summary>
/// <param name="options">Where they are.</param>
public sealed class RunCatalog(StudioOptions options)
{
    internal const string MetricsName = "metrics.jsonl";
    private const int MaxRuns = 200;

    /// <summary>Whether there is a folder of runs.</summary>
    public bool IsOffered => options.RunsFolder is not null;

    /// <summary>The runs, the one that was written last first.</summary>
    public IReadOnlyList<RunEntry> Runs
    {
        get
        {
            if (options.RunsFolder is not { } folder)
                return [];
            try
            {
                var folders = File.Exists(Path.Combine(folder, MetricsName)) ? [folder] : Directory.EnumerateDirectories(folder).Where(static f => File.Exists(Path.Combine(f, MetricsName)));
                return
                [
                    .. folders.Select(static f => new RunEntry(Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(f))), f, File.GetLastWriteTimeUtc(Path.Combine(f, MetricsName))))
                        .OrderByDescending(static r => r.Written).Take(MaxRuns),
                ];
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It was moved away; as soon as it is back, so are the runs.
                return [];
            }
        }
    }
}

/// <summary>A training run.</summary>
/// <param name="Name">Its folder's name.</param>
/// <param name="Folder">Its folder.</param>
/// <param name="Written">When its metrics were written last.</param>
public sealed record RunEntry(string Name, string Folder, DateTime Written);
