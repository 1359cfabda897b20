using Hita.Generation;

namespace Hita.Editing;

/// <summary>Adds up the progress of several samplings.</summary>
internal sealed class EditProgressCounter(IProgress<EditProgress>? progress)
{
    private long _before;
    private long _last;

    /// <summary>The progress callback for the next sampling; null without one.</summary>
    public IProgress<GenerationProgress>? ForOne()
    {
        _before += _last;
        _last = 0;
        return progress is null ? null : new Listener(this);
    }

    private void Report(GenerationProgress report)
    {
        _last = report.Tokens;
        progress!.Report(new EditProgress(_before + report.Tokens, _before + report.TokenCount));
    }

    private sealed class Listener(EditProgressCounter owner) : IProgress<GenerationProgress>
    {
        public void Report(GenerationProgress value) => owner.Report(value);
    }
}
