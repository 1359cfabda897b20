using System.Globalization;
using Hita.Studio.Runs;
using Hita.Studio.Work;
using Microsoft.AspNetCore.Components;

namespace Hita.Studio.Pages;

/// <summary>Training runs: curves and samples, while they grow.</summary>
public sealed partial class RunsPage : ComponentBase
{
    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(90);

    private readonly CancellationTokenSource _left = new();
    private IReadOnlyList<RunEntry> _runs = [];
    private RunEntry? _chosen;
    private MetricsReader? _reader;
    private IReadOnlyList<string> _samples = [];
    private int _sample;
    private string? _shown;
    private string? _address;
    private Task? _watching;

    [Inject]
    private RunCatalog Catalog { get; set; } = null!;

    [Inject]
    private TimeProvider Clock { get; set; } = null!;

    /// <summary>Watches no more.</summary>
    public async ValueTask DisposeAsync()
    {
        await _left.CancelAsync();
        if (_watching is not null)
            await _watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _left.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task OnInitializedAsync()
    {
        if (!Catalog.IsOffered)
            return;
        await LookAsync();
        if (!_left.IsCancellationRequested)
            _watching = WatchAsync();
    }

    private async Task WatchAsync()
    {
        using var timer = new PeriodicTimer(Pace, Clock);
        while (await timer.WaitForNextTickAsync(_left.Token))
        {
            await LookAsync();
            StateHasChanged();
        }
    }

    private async Task LookAsync()
    {
        _runs = await Task.Run(() => Catalog.Runs);
        if (_chosen is null && _runs.Count > 0)
            _chosen = _runs[0];
        if (_chosen is { } run)
            await ReadAsync(run);
    }

    private Task ChooseAsync(RunEntry run)
    {
        (_chosen, _reader, _samples, _sample, _address, _shown) = (run, null, [], 0, null, null);
        return ReadAsync(run);
    }

    private async Task ReadAsync(RunEntry run)
    {
        var reader = _reader ?? new MetricsReader(Path.Combine(run.Folder, RunCatalog.MetricsName));
        try
        {
            await Task.Run(reader.Read);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Being moved or replaced; the next look finds it, or finds it gone.
            return;
        }
        var samples = await Task.Run(() => RunSamples.Of(run));
        if (!ReferenceEquals(run, _chosen) && run.Name != _chosen?.Name)
            return;
        _reader = reader;
        // Whoever looks at the newest one goes on doing so.
        var wasLast = _sample >= _samples.Count - 1;
        _samples = samples;
        _sample = wasLast ? Math.Max(samples.Count - 1, 0) : Math.Min(_sample, Math.Max(samples.Count - 1, 0));
        await ShowSampleAsync();
    }

    private Task LookAtAsync(double index)
    {
        _sample = Math.Clamp((int)index, 0, _samples.Count - 1);
        return ShowSampleAsync();
    }

    private async Task ShowSampleAsync()
    {
        if (_samples.Count == 0 || _samples[_sample] == _shown)
            return;
        var file = _samples[_sample];
        if (await Task.Run(() => RunSamples.Read(file)) is { } image)
            (_address, _shown) = (DataAddress.Of(image), file);
    }

    private bool IsLive(RunEntry run) => Clock.GetUtcNow().UtcDateTime - run.Written < Quiet;

    private static string Line(MetricsReader reader) => string.Create(CultureInfo.InvariantCulture, $"Step {reader.Step:#,0}, epoch {reader.Epoch:0.##}");
}
