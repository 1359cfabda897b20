using Hita.Checkpoints;
using Hita.Hub;

namespace Hita.Cli.Output;

/// <summary>Shows how far a download has come, and the import after it.</summary>
internal sealed class PullProgress(Terminal terminal) : IProgress<HubProgress>, IProgress<LoadProgress>, IDisposable
{
    private ProgressLine? _line;
    private long _fetching;
    private long _importing;

    public void Report(HubProgress value)
    {
        // One line for each fetch: a semantic encoder comes from another repository.
        if (_line is null || _fetching != value.TotalBytes)
        {
            _line?.Dispose();
            _line = new ProgressLine(terminal, "Fetching", "MB", value.TotalBytes >> 20);
            _fetching = value.TotalBytes;
        }
        _line.Report(value.DoneBytes >> 20, value.File);
    }

    public void Report(LoadProgress value)
    {
        // One line for each of the two parts.
        if (_importing != value.TotalBytes)
        {
            _line?.Dispose();
            _line = new ProgressLine(terminal, "Importing", "MB", value.TotalBytes >> 20);
            _importing = value.TotalBytes;
        }
        _line!.Report(value.DoneBytes >> 20);
    }

    public void Dispose()
    {
        _line?.Dispose();
        _line = null;
    }
}
