namespace Hita.Cli.Hosting;

/// <summary>The file by which the launcher knows that a build is in use and must not be removed yet; gone at the end.</summary>
internal sealed class RunMark : IDisposable
{
    private readonly string? _path = Environment.GetEnvironmentVariable("HITA_RUN_MARK");

    public void Dispose()
    {
        if (string.IsNullOrEmpty(_path))
            return;
        try
        {
            File.Delete(_path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The launcher looks whether the process still lives before it trusts a mark.
        }
    }
}
