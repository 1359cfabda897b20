using Hita.Generation.Engine.Kernels;
using Hita.Generation.Engine.Packing;
using Hita.Generation.Engine.Threads;
using Hita.Generation.Model;
using Hita.Runtime;

namespace Hita.Generation.Engine;

/// <summary>
/// A generator on the CPU engine: packed weights, kernels for this processor's vectors and a team of threads that all passes
/// share, step by step in turn.
/// </summary>
/// <remarks>
/// A row's logits do not depend on the other rows, on their number, or on the number of threads. Kernels that fuse
/// multiplication and addition (all but the portable ones on old processors) give the same bits as each other.
/// </remarks>
public sealed class CpuTokenModel : ITokenModel
{
    // A matrix of preset B has some twenty panels to share out, and a few processors exhaust a machine's memory bandwidth.
    private const int MaxDefaultThreads = 32;

    private readonly PackedModel _model;
    private readonly Lock _lifetime = new();
    private int _passes;
    private bool _disposed;

    private CpuTokenModel(PackedModel model, EngineKernels kernels, int threads)
    {
        _model = model;
        Kernels = kernels;
        Team = new ThreadTeam(threads);
    }

    /// <inheritdoc/>
    public GeneratorConfig Config => _model.Config;

    /// <summary>How the weights are kept.</summary>
    public Precision Precision => _model.Precision;

    /// <summary>The instruction set in use; never <see cref="EngineKernels.Auto"/>.</summary>
    public EngineKernels Kernels { get; }

    /// <summary>Threads that compute a step together.</summary>
    public int Threads => Team.Members;

    /// <summary>The file of packed weights in use; null where they are in memory only.</summary>
    public string? PackedPath => _model.Path;

    /// <summary>Bytes of weights that every step reads, however many rows it has.</summary>
    public long WeightBytesPerStep => _model.BytesPerStep;

    private static int DefaultThreads => Math.Min(Environment.ProcessorCount, MaxDefaultThreads);

    /// <summary>Who computes.</summary>
    internal ThreadTeam Team { get; }

    /// <summary>Makes a generator ready: opens its packed weights, or packs them first.</summary>
    /// <param name="config">The architecture.</param>
    /// <param name="weights">Where the weights come from; not needed any more afterwards.</param>
    /// <param name="options">How the engine runs; null for the defaults.</param>
    /// <exception cref="HitaException">A setting is impossible, the processor lacks the instruction set, or a weight is missing.</exception>
    public static CpuTokenModel Load(GeneratorConfig config, IGeneratorWeights weights, EngineOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(weights);
        options = (options ?? new EngineOptions()).Validate();
        config.Validate();
        var kernels = KernelSet.For(options.Kernels, options.Precision.ToPanelKind()).Kind;
        var folder = options.UseCache ? options.CacheFolder ?? Runtime.CacheFolder.Create("packed") : null;
        var model = PackedModel.Open(config, weights, options.Precision, folder);
        return new CpuTokenModel(model, kernels, options.Threads > 0 ? options.Threads : DefaultThreads);
    }

    /// <inheritdoc/>
    public IDecodingPass Begin(int rows, BoundaryMode boundary) => new DecodingPass(BeginSlots(rows, KnownPositions.MaxRows), Config, boundary);

    /// <summary>Starts decoding sequences that come and go, each at a position of its own.</summary>
    /// <param name="slots">The most sequences at a time; a guided image takes two.</param>
    /// <param name="rows">The most rows of a step; 0 for one a sequence. With more of them a sequence takes several known tokens in a step.</param>
    /// <exception cref="HitaException">There is not enough memory for so many.</exception>
    internal SlotDecoder BeginSlots(int slots, int rows = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(slots);
        lock (_lifetime)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            try
            {
                var decoder = new SlotDecoder(this, _model, slots, Math.Max(slots, rows));
                _passes++;
                return decoder;
            }
            catch (Exception e) when (e is OutOfMemoryException or OverflowException)
            {
                throw new HitaException($"There is not enough memory to decode {slots} sequences together; decode fewer at a time.", e);
            }
        }
    }

    /// <summary>Ends the threads, after a step in progress. Memory is released once the last pass is disposed too.</summary>
    public void Dispose()
    {
        lock (_lifetime)
        {
            if (_disposed)
                return;
            _disposed = true;
            Team.Dispose();
            if (_passes == 0)
                _model.Dispose();
        }
    }

    /// <summary>Called by a pass that is disposed.</summary>
    internal void PassEnded()
    {
        lock (_lifetime)
        {
            if (--_passes == 0 && _disposed)
                _model.Dispose();
        }
    }
}
