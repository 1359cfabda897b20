using System.Diagnostics;
using Hita.Generation.Engine;
using Hita.Generation.Engine.Kernels;
using Hita.Generation.Model;

namespace Hita.Bench;

/// <summary>
/// Measures decoding steps. All models of a call and the machine's own speed are measured in turn, a few steps each, so that
/// whatever else the machine does falls on all of them.
/// </summary>
public static class EngineBenchmark
{
    private const int StepsInTurn = 10;

    // The framework's threads go on spinning for a fifth of a second after their work, at the expense of whoever is next.
    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(300);

    /// <summary>Measures models with the same batch.</summary>
    /// <param name="models">Engines of any kind. The CPU engine decodes the middle half of an image, where the cache has
    /// its mean length; others start at the first position, which flatters them.</param>
    /// <param name="rows">Sequences side by side; a guided image takes two.</param>
    /// <param name="duration">How long to measure all of them together, besides warming up.</param>
    /// <param name="threads">Threads of the probes; 0 for one a processor.</param>
    /// <param name="positions">Positions of a step: 1 as in sampling, more as where codes are known. Of known ones no logits are computed.</param>
    /// <param name="cancellation">Stops between two steps.</param>
    /// <returns>A measurement a model, in their order.</returns>
    public static IReadOnlyList<StepMeasurement> Measure(
        IReadOnlyList<ITokenModel> models, int rows, TimeSpan duration, int threads = 0, int positions = 1, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(models);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rows);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(positions);
        using var probe = new MachineProbe(threads > 0 ? threads : Environment.ProcessorCount);
        var runs = new List<Run>();
        var bandwidths = new List<double>();
        var rates = new List<double>();
        try
        {
            foreach (var model in models)
                runs.Add(new Run(model, rows, positions));
            foreach (var run in runs)
                run.Take(3, keep: false, cancellation);
            Thread.Sleep(Rest);
            var start = Stopwatch.GetTimestamp();
            while (bandwidths.Count < 3 || Stopwatch.GetElapsedTime(start) < duration)
            {
                foreach (var run in runs)
                {
                    bandwidths.Add(probe.ReadBandwidth());
                    rates.Add(probe.MatrixRate());
                    run.Take(StepsInTurn, keep: true, cancellation);
                    if (run.LeavesThreadsSpinning)
                        Thread.Sleep(Rest);
                }
            }
        }
        finally
        {
            runs.ForEach(run => run.Dispose());
        }
        bandwidths.Sort();
        rates.Sort();
        return [.. runs.Select(run => run.Summarize(bandwidths, rates))];
    }

    private sealed class Run : IDisposable
    {
        private readonly ITokenModel _model;
        private readonly int _rows;
        private readonly int _positions;
        private readonly int[] _inputs;
        private readonly float[] _logits;
        private readonly List<double> _seconds = [];
        private readonly List<double> _processor = [];
        private IDecodingPass? _pass;
        private long _allocated;
        private long _positionSum;

        public Run(ITokenModel model, int rows, int positions)
        {
            (_model, _rows, _positions) = (model, rows, positions);
            _inputs = new int[rows * positions];
            _logits = positions == 1 ? new float[rows * model.Config.CodebookSize] : [];
        }

        /// <summary>Whether other threads than the engine's have computed.</summary>
        public bool LeavesThreadsSpinning => _model is not CpuTokenModel;

        /// <summary>Takes some steps, within one image.</summary>
        public void Take(int count, bool keep, CancellationToken cancellation)
        {
            var length = _model.Config.SequenceLength;
            if (_pass is null || _pass.Position > length - Math.Max(length / 4, _positions))
            {
                _pass?.Dispose();
                _pass = _model.Begin(_rows, BoundaryMode.Trained);
                (_pass as DecodingPass)?.SkipTo(length / 4);
            }
            for (var i = 0; i < count && _pass.Position + _positions <= length; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                var position = _pass.Position;
                var allocated = GC.GetTotalAllocatedBytes();
                var processor = BenchRun.ProcessorSeconds();
                var start = Stopwatch.GetTimestamp();
                _pass.AdvanceKnown(_inputs, _positions == 1 ? 1 : 0, _logits);
                var elapsed = Stopwatch.GetElapsedTime(start).TotalSeconds;
                processor = BenchRun.ProcessorSeconds() - processor;
                if (keep)
                {
                    _allocated += GC.GetTotalAllocatedBytes() - allocated;
                    _seconds.Add(elapsed);
                    _processor.Add(processor);
                    _positionSum += position;
                }
            }
        }

        public StepMeasurement Summarize(List<double> bandwidths, List<double> rates)
        {
            _seconds.Sort();
            _processor.Sort();
            var position = _positionSum / (double)_seconds.Count;
            var engine = _model as CpuTokenModel;
            var config = _model.Config;
            var head = _positions == 1 ? (long)config.CodebookSize * config.Width : 0;
            var weights = (config.Layers * ((4L * config.Width) + (3L * config.HiddenWidth)) * config.Width) + head;
            return new StepMeasurement
            {
                Rows = _rows,
                Steps = _seconds.Count,
                MeanPosition = position,
                Seconds = _seconds[_seconds.Count / 2],
                BestSeconds = _seconds[_seconds.Count / 10],
                ProcessorSeconds = _processor[_processor.Count / 2],
                AllocatedBytes = _allocated / (double)_seconds.Count,
                WeightBytes = engine?.WeightBytesPerStep ?? 0,
                CacheBytes = engine is null
                    ? 0
                    : KeyValueCache.BytesPerStep(config, engine.Precision.ToCacheKind(), _rows * _positions, (int)position),
                Operations = engine is null ? 0 : 2.0 * weights * _rows * _positions,
                ReadBandwidth = bandwidths[bandwidths.Count / 2],
                BestReadBandwidth = bandwidths[bandwidths.Count * 9 / 10],
                MatrixRate = rates[rates.Count / 2],
            };
        }

        public void Dispose() => _pass?.Dispose();
    }
}
