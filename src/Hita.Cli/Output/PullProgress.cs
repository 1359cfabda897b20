using Hita.Checkpoints;
using Hita.Hub;

namespace Hita.Cli.Output;

/// <summary>Shows how far a download has come, and the import after it.</summary>
internal sealed class PullProgress(Terminal terminal) : IProgress<HubProgress>, IProgress<LoadProgress>, IDisposable
{
    private ProgressLine? _line;
    private bool _isImporting;

    public void Report(HubProgress value)
    {
        _line ??= new ProgressLine(terminal, "Fetching", "MB", value.TotalBytes >> 20);
        _line.Report(value.DoneBytes >> 20, value.File);
    }

    public void Report(LoadProgress value)
    {
        if (!_isImporting || value.DoneBytes == 0)
        {
            _line?.Dispose();
            _line = new ProgressLine(terminal, "Importing", "MB", value.TotalBytes >> 20);
            _isImporting = true;
        }
        _line!.Report(value.DoneBytes >> 20);
    }

    public void Dispose()
    {
        _line?.Dispose();
        _line = null;
    }
}
