using Hita.Studio.Work;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace Hita.Studio.Parts;

/// <summary>What all pages that do work have in common: the two keys, and what is shown anew when something changes elsewhere.</summary>
public abstract class StudioPage : ComponentBase, IAsyncDisposable
{
    private DotNetObjectReference<StudioPage>? _self;
    private IJSObjectReference? _keys;
    private bool _isLeft;

    /// <summary>The open page and its visitor.</summary>
    [Inject]
    protected StudioCircuit Circuit { get; set; } = null!;

    /// <summary>The browser.</summary>
    [Inject]
    protected IJSRuntime Script { get; set; } = null!;

    /// <summary>A key was pressed.</summary>
    /// <param name="start">Whether it starts something; otherwise it stops it.</param>
    [JSInvokable]
    public async Task OnKeyAsync(bool start)
    {
        if (start)
            await StartAsync();
        else
            Cancel();
        StateHasChanged();
    }

    /// <summary>Listens no more.</summary>
    public async ValueTask DisposeAsync()
    {
        _isLeft = true;
        Circuit.ModelChanged -= OnModelChanged;
        OnClosing();
        await StopListeningAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Starts what the page is for.</summary>
    protected virtual Task StartAsync() => Task.CompletedTask;

    /// <summary>Stops what runs.</summary>
    protected virtual void Cancel()
    {
    }

    /// <summary>Another model was chosen.</summary>
    protected virtual void ModelChanged()
    {
    }

    /// <summary>The page is left.</summary>
    protected virtual void OnClosing()
    {
    }

    /// <summary>Shows the page anew, from any thread.</summary>
    protected void Refresh() => _ = RefreshAsync();

    /// <inheritdoc cref="Refresh"/>
    protected Task RefreshAsync() => InvokeAsync(StateHasChanged);

    /// <inheritdoc/>
    protected override void OnInitialized() => Circuit.ModelChanged += OnModelChanged;

    /// <inheritdoc/>
    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (!firstRender)
            return;
        await using var module = await Script.InvokeAsync<IJSObjectReference>("import", "./studio/keys.js");
        // Whoever goes on at once has left the page before it listens.
        if (_isLeft)
            return;
        _self = DotNetObjectReference.Create(this);
        _keys = await module.InvokeAsync<IJSObjectReference>("listen", _self);
        if (_isLeft)
            await StopListeningAsync();
    }

    private async Task StopListeningAsync()
    {
        try
        {
            // Not yet there where the answer to "listen" is on its way; then what asked for it stops it.
            if (_keys is null)
                return;
            await _keys.InvokeVoidAsync("stop");
            await _keys.DisposeAsync();
        }
        catch (Exception e) when (e is JSDisconnectedException or OperationCanceledException)
        {
            // The browser is gone, and its listeners with it.
        }
        _self?.Dispose();
    }

    private void OnModelChanged()
    {
        ModelChanged();
        Refresh();
    }
}
