using Hita.Generation;
using Hita.Generation.Model;

namespace Hita.Server.Jobs;

/// <summary>
/// Lets edits take turns: some are under way, of which one computes with all processors while the others sample by the shared loop.
/// </summary>
/// <param name="places">How many may be under way.</param>
internal sealed class EditTurns(int places) : IDisposable
{
    private readonly SemaphoreSlim _places = new(places);
    private readonly SemaphoreSlim _computing = new(1);

    /// <summary>Waits for a place and for the turn to compute.</summary>
    /// <param name="cancellation">Gives up.</param>
    public async Task<EditTurn> BeginAsync(CancellationToken cancellation)
    {
        await _places.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            await _computing.WaitAsync(cancellation).ConfigureAwait(false);
        }
        catch
        {
            _places.Release();
            throw;
        }
        return new EditTurn(_places, _computing);
    }

    public void Dispose()
    {
        _places.Dispose();
        _computing.Dispose();
    }
}

/// <summary>The place of one edit, and its turn to compute. For one thread at a time.</summary>
internal sealed class EditTurn(SemaphoreSlim places, SemaphoreSlim computing) : IDisposable
{
    private bool _isComputing = true;

    /// <summary>Wraps a sampler so that other edits compute while it samples.</summary>
    /// <param name="sampler">The sampler, which computes by itself.</param>
    public ICodeSampler Around(ICodeSampler sampler) => new Sampler(this, sampler);

    public void Dispose()
    {
        Pause();
        places.Release();
    }

    private void Pause()
    {
        if (_isComputing)
            computing.Release();
        _isComputing = false;
    }

    private void Resume(CancellationToken cancellation)
    {
        computing.Wait(cancellation);
        _isComputing = true;
    }

    private sealed class Sampler(EditTurn turn, ICodeSampler sampler) : ICodeSampler
    {
        public GeneratorConfig Config => sampler.Config;

        public IReadOnlyList<CompletedCodes> Complete(
            GenerationRequest request, IReadOnlyList<PartialCodes> known, bool score, IProgress<GenerationProgress>? progress, CancellationToken cancellation)
        {
            turn.Pause();
            // One that fails does not compute any more, and so needs no turn.
            var codes = sampler.Complete(request, known, score, progress, cancellation);
            turn.Resume(cancellation);
            return codes;
        }
    }
}
