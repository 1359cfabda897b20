using Hita.Server.Jobs;
using Hita.Studio.Sessions;
using Hita.Studio.Settings;

namespace Hita.Studio.Work;

/// <summary>One open page: whose it is, which model it works with, and the work that ends with it.</summary>
/// <param name="runner">Takes the work, as for all other clients of the server.</param>
/// <param name="catalog">The models.</param>
/// <param name="options">How much is kept.</param>
public sealed class StudioCircuit(JobRunner runner, ModelCatalog catalog, StudioOptions options) : IDisposable
{
    private readonly CancellationTokenSource _closed = new();
    private string? _modelId;

    /// <summary>The visitor. Until <see cref="Open"/> is called, one that nobody else knows.</summary>
    public StudioSession Session { get; private set; } = new(options);

    /// <summary>The visitor's images.</summary>
    public Gallery Gallery => Session.Gallery;

    /// <summary>The models that are loaded, the default one first.</summary>
    public IReadOnlyList<ServedModel> Models => catalog.Models;

    /// <summary>The model that the page works with.</summary>
    /// <exception cref="RefusedException">The models are still being loaded.</exception>
    public ServedModel Model => catalog.Find(_modelId);

    /// <summary>Another model was chosen.</summary>
    public event Action? ModelChanged;

    /// <summary>Ends when the page is closed.</summary>
    public CancellationToken Closed => _closed.Token;

    /// <summary>Says whose page this is.</summary>
    /// <param name="session">The visitor.</param>
    public void Open(StudioSession session)
    {
        ArgumentNullException.ThrowIfNull(session);
        Interlocked.Increment(ref session.OpenPages);
        Session = session;
    }

    /// <summary>Chooses another model.</summary>
    /// <param name="id">Its name.</param>
    public void Choose(string id)
    {
        if (catalog.Models.All(m => m.Id != id) || Model.Id == id)
            return;
        _modelId = id;
        ModelChanged?.Invoke();
    }

    /// <summary>Starts a task, which is cancelled when the page is closed.</summary>
    /// <param name="task">What to do.</param>
    /// <exception cref="Runtime.HitaException">The task does not fit the model, or the server takes no more.</exception>
    public Job Start(ImageTask task) => runner.Start(task, Model, keep: false, Closed);

    /// <inheritdoc/>
    public void Dispose()
    {
        Interlocked.Decrement(ref Session.OpenPages);
        _closed.Cancel();
        _closed.Dispose();
    }
}
