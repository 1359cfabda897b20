using Hita.Server.Jobs;
using Hita.Studio.Work;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Routing;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.JSInterop;

namespace Hita.Studio.Shell;

/// <summary>What is around every page: menu, colours, the state of the models.</summary>
public sealed partial class MainLayout : LayoutComponentBase, IDisposable
{
    private DotNetObjectReference<MainLayout>? _self;

    [Inject]
    private StudioCircuit Circuit { get; set; } = null!;

    [Inject]
    private ModelCatalog Catalog { get; set; } = null!;

    [Inject]
    private IJSRuntime Script { get; set; } = null!;

    [Inject]
    private NavigationManager Navigation { get; set; } = null!;

    private ErrorBoundary? Boundary { get; set; }

    private bool IsDark { get; set; }

    private bool MenuIsOpen { get; set; }

    private bool IsReady => Catalog.IsReady;

    private string? LoadFault { get; set; }

    private string SkipAddress => $"{Navigation.ToBaseRelativePath(Navigation.Uri).Split('#')[0]}#content";

    /// <summary>The system changed between light and dark.</summary>
    /// <param name="dark">Whether it is dark now.</param>
    [JSInvokable]
    public void SetDark(bool dark)
    {
        IsDark = dark;
        StateHasChanged();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Circuit.ModelChanged -= Refresh;
        Navigation.LocationChanged -= OnMoved;
        _self?.Dispose();
    }

    /// <inheritdoc/>
    protected override void OnInitialized()
    {
        Circuit.ModelChanged += Refresh;
        Navigation.LocationChanged += OnMoved;
        if (!Catalog.IsReady)
            _ = AwaitModelsAsync();
    }

    /// <inheritdoc/>
    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (!firstRender)
            return;
        _self = DotNetObjectReference.Create(this);
        IsDark = await Script.InvokeAsync<bool>("hitaTheme.watch", _self);
        StateHasChanged();
    }

    private void OnMoved(object? sender, LocationChangedEventArgs e)
    {
        Boundary?.Recover();
        Refresh();
    }

    private void Refresh() => InvokeAsync(StateHasChanged);

    private void Recover() => Boundary?.Recover();

    private void ToggleMenu() => MenuIsOpen = !MenuIsOpen;

    private void CloseMenu() => MenuIsOpen = false;

    private void ChooseModel(ChangeEventArgs e) => Circuit.Choose(e.Value as string ?? "");

    private async Task ToggleDarkAsync()
    {
        IsDark = !IsDark;
        await Script.InvokeVoidAsync("hitaTheme.choose", IsDark);
    }

    private async Task AwaitModelsAsync()
    {
        try
        {
            await Catalog.Ready.WaitAsync(Circuit.Closed).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return;
        }
#pragma warning disable CA1031 // Whatever it is, it is what the visitor should know before the server ends.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LoadFault = Faults.Sentence(e);
        }
        await InvokeAsync(StateHasChanged).ConfigureAwait(false);
    }
}
