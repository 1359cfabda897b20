using System.Diagnostics;
using Hita.Editing;
using Hita.Generation;
using Hita.Imaging;
using Hita.Models;
using Hita.Runtime;
using Hita.Server.Settings;
using Microsoft.Extensions.Logging;

namespace Hita.Server.Jobs;

/// <summary>The models of a server. They are loaded once, at its start, in the background.</summary>
public sealed partial class ModelCatalog : IAsyncDisposable
{
    private readonly HitaServerOptions _options;
    private readonly ILogger<ModelCatalog> _log;
    private readonly TimeProvider _clock;
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<ServedModel> _loading = [];
    private readonly List<ImagePipeline> _pipelines = [];
    private IReadOnlyList<ServedModel> _models = [];
    private Task _load = Task.CompletedTask;

    /// <summary>A catalog without models as yet.</summary>
    /// <param name="options">Which pipelines, and how they are loaded.</param>
    /// <param name="log">Told what was loaded.</param>
    /// <param name="clock">The time.</param>
    public ModelCatalog(HitaServerOptions options, ILogger<ModelCatalog> log, TimeProvider clock)
    {
        (_options, _log, _clock) = (options, log, clock);
        EditTurns = new EditTurns(options.MaxBatch);
    }

    /// <summary>The models, the default one first; empty until <see cref="Ready"/>.</summary>
    public IReadOnlyList<ServedModel> Models => _models;

    /// <summary>Ends once all models are loaded and have generated an image, with the fault where one cannot be.</summary>
    public Task Ready => _ready.Task;

    /// <summary>Whether requests can be answered.</summary>
    public bool IsReady => _ready.Task.IsCompletedSuccessfully;

    /// <summary>One editing or decoding at a time: each uses all processors by itself. As many as a batch has places are under way.</summary>
    internal EditTurns EditTurns { get; }

    // The server's own queue refuses what is too much. What it has taken must find room: each image, and all candidates of the edits that
    // are under way, which count as one there.
    private ImageHostOptions HostOptions => new() { MaxBatch = _options.MaxBatch, MaxPreviewShare = _options.MaxPreviewShare, MaxQueue = _options.MaxQueue + (_options.MaxBatch * InpaintOptions.MaxCandidates) };

    /// <summary>The model that a request asks for.</summary>
    /// <param name="id">Its name; null for the first one.</param>
    /// <param name="precision">The type of the generator's weights, of several that are loaded; null for the named one's own.</param>
    /// <exception cref="RefusedException">The models are still being loaded, or there is none like that.</exception>
    public ServedModel Find(string? id, Precision? precision = null)
    {
        if (!IsReady)
            throw new RefusedException(Refusal.NotReady, "The models are still being loaded; try again in a second.", TimeSpan.FromSeconds(1));
        var named = id is null ? _models[0] : _models.FirstOrDefault(m => m.Id == id);
        if (named is null)
            throw new RefusedException(Refusal.NoSuchModel, $"There is no model '{PrintableText.Escape(Shortened(id!))}'; this server has {Ids(_models)}.");
        if (precision is not { } wanted || named.Pipeline.Generator.Precision == wanted)
            return named;
        var alike = _models.Where(m => (m.Source.Generator, m.Source.Tokenizer) == (named.Source.Generator, named.Source.Tokenizer)).ToList();
        return alike.Find(m => m.Pipeline.Generator.Precision == wanted) ?? throw new RefusedException(
            Refusal.NoSuchModel,
            $"The model '{named.Id}' is not loaded in {EnumWords.Of(wanted)}; it is in {string.Join(", ", alike.Select(static m => EnumWords.Of(m.Pipeline.Generator.Precision)))}.");
    }

    /// <summary>Loads all models and generates an image with each.</summary>
    /// <param name="cancellation">Stops between two models.</param>
    internal Task LoadAsync(CancellationToken cancellation) => _load = LoadAllAsync(cancellation);

    private async Task LoadAllAsync(CancellationToken cancellation)
    {
        try
        {
            foreach (var source in _options.Pipelines)
            {
                cancellation.ThrowIfCancellationRequested();
                var started = Stopwatch.GetTimestamp();
                // Off this thread: loading reads and packs weights for seconds.
                var pipeline = await Task.Run(() => Open(source), cancellation).ConfigureAwait(false);
                _pipelines.Add(pipeline);
                var model = new ServedModel(source, new ImageHost(pipeline, HostOptions), _clock.GetUtcNow()) { MissesEncoder = _options.Editing && !pipeline.Tokenizer.CanEncode };
                _loading.Add(model);
                await WarmUpAsync(model, cancellation).ConfigureAwait(false);
                LogLoaded(source.Id, pipeline.Generator.Precision, pipeline.Width, pipeline.Height, Stopwatch.GetElapsedTime(started).TotalSeconds);
            }
            _models = [.. _loading];
            _ready.TrySetResult();
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            _ready.TrySetCanceled(cancellation);
        }
        catch (Exception e)
        {
            _ready.TrySetException(e);
            throw;
        }
    }

    /// <summary>Disposes of all models.</summary>
    public async ValueTask DisposeAsync()
    {
        // A program that ends while it starts: what is being loaded must not outlive the native library's end.
        await _load.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var model in _loading)
            await model.Host.DisposeAsync().ConfigureAwait(false);
        _pipelines.ForEach(static p => p.Dispose());
        _loading.Clear();
        _pipelines.Clear();
        EditTurns.Dispose();
    }

    private ImagePipeline Open(ServedPipeline source)
    {
        Compute.UseThreads(_options.Threads == 0 ? null : _options.Threads);
        return NamedModel.OpenToServe(
            NamedGenerator.Read(source.Generator),
            NamedTokenizer.Read(source.Tokenizer),
            new GeneratorOptions { Device = _options.Device, Threads = _options.Threads, Precision = source.Precision, Engine = source.Engine },
            _options.Editing,
            source.Decoding,
            absence => LogNoEncoder(source.Id, absence));
    }

    // The first steps cost compiling and page faults, which no request shall wait for.
    private static async Task WarmUpAsync(ServedModel model, CancellationToken cancellation)
    {
        await model.Host.WarmUpAsync(cancellation).ConfigureAwait(false);
        var tokenizer = model.Pipeline.Tokenizer;
        if (tokenizer.CanEncode)
            await Task.Run(() => tokenizer.Encode([new Image(tokenizer.Config.ImageSize, tokenizer.Config.ImageSize)], cancellation: cancellation), cancellation).ConfigureAwait(false);
    }

    private static string Ids(IEnumerable<ServedModel> models) => string.Join(", ", models.Select(static m => m.Id));

    private static string Shortened(string text) => text.Length <= 64 ? text : text[..64] + "…";

    [LoggerMessage(1, LogLevel.Information, "Loaded the model {Model} in {Precision}, {Width}×{Height} pixels, in {Seconds:0.00} s")]
    private partial void LogLoaded(string model, Precision precision, int width, int height, double seconds);

    [LoggerMessage(2, LogLevel.Warning, "The model {Model} generates, and cannot read or edit images. {Absence}")]
    private partial void LogNoEncoder(string model, string absence);
}
