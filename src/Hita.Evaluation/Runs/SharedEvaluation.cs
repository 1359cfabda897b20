using Hita.Distributed.Launching;
using Hita.Evaluation.Reports;
using Hita.Runtime;

namespace Hita.Evaluation.Runs;

/// <summary>An evaluation that is ready to run: at once, or a part of the images at a time by processes of their own.</summary>
public sealed class SharedEvaluation
{
    private readonly Func<EvaluationPlan> _create;
    private readonly EvaluationOptions _options;
    private EvaluationPlan? _plan;

    internal SharedEvaluation(Func<EvaluationPlan> create, EvaluationOptions options) => (_create, _options, _plan) = (create, options, create());

    /// <summary>Runs, or goes on with, all of it, and writes its report and page.</summary>
    /// <param name="progress">Told after each batch; may be null.</param>
    /// <param name="cancellation">Stops soon; the same call goes on from there later.</param>
    /// <exception cref="HitaException">Too many images cannot be read, or the folder holds the state of another evaluation.</exception>
    public EvaluationReport Run(IProgress<EvaluationProgress>? progress = null, CancellationToken cancellation = default) =>
        EvaluationDriver.Run(Fresh(), _options, progress, cancellation);

    /// <summary>
    /// Measures a part of the images, or goes on with it, and leaves the measurements in the folder. A part that is there already is not
    /// measured again, unless <see cref="EvaluationOptions.Restart"/> is set.
    /// </summary>
    /// <param name="shard">Which part.</param>
    /// <param name="command">The command that computes the report of all parts, for who finds the measurements; may be empty.</param>
    /// <param name="progress">Told after each batch; may be null.</param>
    /// <param name="cancellation">Stops soon; the same call goes on from there later.</param>
    /// <exception cref="HitaException">
    /// Too many images cannot be read, there are fewer images than parts, or the folder holds parts of another division.
    /// </exception>
    public void RunShard(Shard shard, string command = "", IProgress<EvaluationProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(shard);
        EvaluationDriver.RunShard(Fresh(), _options, shard, command, progress, cancellation);
    }

    /// <summary>
    /// Puts the measurements of all parts together and writes the report and page of the whole: the numbers are those of one process, up
    /// to the rounding of sums. FID after some of the samples is told where parts end.
    /// </summary>
    /// <param name="progress">Told what is being computed; may be null.</param>
    /// <param name="cancellation">Stops soon.</param>
    /// <exception cref="HitaException">A part is missing, damaged, or of another evaluation, or has images that cannot be read.</exception>
    public EvaluationReport Merge(IProgress<EvaluationProgress>? progress = null, CancellationToken cancellation = default) =>
        EvaluationDriver.Merge(Fresh(), _options, progress, cancellation);

    /// <summary>As <see cref="Run"/>, on another thread.</summary>
    /// <inheritdoc cref="Run" path="/param"/>
    /// <inheritdoc cref="Run" path="/exception"/>
    public Task<EvaluationReport> RunAsync(IProgress<EvaluationProgress>? progress = null, CancellationToken cancellation = default) =>
        Background.Run(() => Run(progress, cancellation), cancellation);

    /// <summary>As <see cref="RunShard"/>, on another thread.</summary>
    /// <inheritdoc cref="RunShard" path="/param"/>
    /// <inheritdoc cref="RunShard" path="/exception"/>
    public Task RunShardAsync(Shard shard, string command = "", IProgress<EvaluationProgress>? progress = null, CancellationToken cancellation = default) =>
        Background.Run(() => RunShard(shard, command, progress, cancellation), cancellation);

    /// <summary>As <see cref="Merge"/>, on another thread.</summary>
    /// <inheritdoc cref="Merge" path="/param"/>
    /// <inheritdoc cref="Merge" path="/exception"/>
    public Task<EvaluationReport> MergeAsync(IProgress<EvaluationProgress>? progress = null, CancellationToken cancellation = default) =>
        Background.Run(() => Merge(progress, cancellation), cancellation);

    // Metrics that have measured something are not to be used again.
    private EvaluationPlan Fresh()
    {
        var plan = _plan ?? _create();
        _plan = null;
        return plan;
    }
}
