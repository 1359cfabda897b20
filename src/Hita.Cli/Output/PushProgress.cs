using Hita.Hub;

namespace Hita.Cli.Output;

/// <summary>Shows how far an upload has come.</summary>
internal sealed class PushProgress(Terminal terminal) : IProgress<HubProgress>, IDisposable
{
    private ProgressLine? _line;

    public void Report(HubProgress value)
    {
        _line ??= new ProgressLine(terminal, "Sending", "MB", value.TotalBytes >> 20);
        _line.Report(value.DoneBytes >> 20, value.File);
    }

    public void Dispose() => _line?.Dispose();
}
