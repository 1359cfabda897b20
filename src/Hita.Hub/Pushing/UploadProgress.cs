namespace Hita.Hub.Pushing;

/// <summary>Counts bytes of several parts at once, and reports a number that never falls, also where a part has to be sent again.</summary>
internal sealed class UploadProgress(IProgress<HubProgress>? to, long total)
{
    private readonly Lock _gate = new();
    private long _done;
    private long _reported;

    /// <summary>Counts bytes; fewer than none where they did not arrive after all.</summary>
    public void Add(string file, long bytes)
    {
        lock (_gate)
        {
            _done += bytes;
            if (_done <= _reported && bytes != 0)
                return;
            _reported = Math.Max(_reported, _done);
            to?.Report(new HubProgress(file, _reported, total));
        }
    }
}
