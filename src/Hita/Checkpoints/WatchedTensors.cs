namespace Hita.Checkpoints;

/// <summary>A weight file whose reading can be stopped and followed.</summary>
internal sealed class WatchedTensors : TensorSource
{
    private readonly ITensorSource _inner;
    private readonly IProgress<LoadProgress>? _progress;
    private readonly CancellationToken _cancellation;
    private readonly long _total;
    private long _done;

    private WatchedTensors(ITensorSource inner, long total, IProgress<LoadProgress>? progress, CancellationToken cancellation)
        : base(inner.Path) => (_inner, _total, _progress, _cancellation) = (inner, total, progress, cancellation);

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, TensorEntry> Tensors => _inner.Tensors;

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, string> Metadata => _inner.Metadata;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Notes => _inner.Notes;

    /// <summary>Watches a file that is opened here; it is owned from here on.</summary>
    /// <param name="source">The file.</param>
    /// <param name="readings">How often a tensor will be read, as far as that is known: what progress is measured by.</param>
    /// <param name="progress">Told after each part; may be null.</param>
    /// <param name="cancellation">Stops before the next part.</param>
    public static ITensorSource Of(ITensorSource source, Func<string, int> readings, IProgress<LoadProgress>? progress, CancellationToken cancellation) =>
        progress is null && !cancellation.CanBeCanceled ? source : new WatchedTensors(source, source.Tensors.Values.Sum(e => e.ByteLength * readings(e.Name)), progress, cancellation);

    /// <summary>Reports the end, whatever was not read because it was there in another form.</summary>
    /// <param name="source">What <see cref="Of"/> gave.</param>
    public static void Complete(ITensorSource source)
    {
        if (source is WatchedTensors watched)
            watched._progress?.Report(new LoadProgress(watched._total, watched._total, ""));
    }

    /// <inheritdoc/>
    protected override void ReadCore(TensorEntry entry, long byteOffset, Span<byte> destination)
    {
        _cancellation.ThrowIfCancellationRequested();
        _inner.ReadPart(entry.Name, byteOffset, destination);
        _progress?.Report(new LoadProgress(Math.Min(Interlocked.Add(ref _done, destination.Length), _total), _total, entry.Name));
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _inner.Dispose();
        base.Dispose(disposing);
    }
}
