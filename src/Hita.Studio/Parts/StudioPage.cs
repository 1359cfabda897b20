using Hita.Studio.Work;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace Hita.Studio.Parts;

/// <summary>What all pages that do work have in common: the two keys, and what is shown anew when something changes elsewhere.</summary>
public abstract class StudioPage : ComponentBase, IAsyncDisposable
{
    private DotNetObjectReference<StudioPage>? _self;
    private IJSObjectReference? _keys;

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
        Circuit.ModelChanged -= OnModelChanged;
        OnClosing();
        try
        {
            if (_keys is not null)
            {
                await _keys.InvokeVoidAsync("stop");
                await _keys.DisposeAsync();
            }
        }
        catch (Exception e) when (e is JSDisconnectedException or OperationCanceledException)
        {
            // The browser is gone, and its listeners with it.
        }
        _self?.Dispose();
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
        _self = DotNetObjectReference.Create(this);
        await using var module = await Script.InvokeAsync<IJSObjectReference>("import", "./studio/keys.js");
        _keys = await module.InvokeAsync<IJSObjectReference>("listen", _self);
    }

    private void OnModelChanged()
    {
        ModelChanged();
        Refresh();
    }
}
