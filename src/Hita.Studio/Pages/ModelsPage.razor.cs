using System.Globalization;
using Hita.Runtime;
using Hita.Server.Jobs;
using Hita.Studio.Work;
using Microsoft.AspNetCore.Components;

namespace Hita.Studio.Pages;

/// <summary>What is loaded, and what its makers say of it.</summary>
public sealed partial class ModelsPage : ComponentBase, IDisposable
{
    private const int Shown = 1000;

    private readonly Dictionary<string, string> _cards = new(StringComparer.Ordinal);
    private string? _wanted;

    [Inject]
    private StudioCircuit Circuit { get; set; } = null!;

    [Inject]
    private GenerateState Generating { get; set; } = null!;

    [Inject]
    private NavigationManager Navigation { get; set; } = null!;

    /// <inheritdoc/>
    public void Dispose() => Circuit.ModelChanged -= Refresh;

    /// <inheritdoc/>
    protected override async Task OnInitializedAsync()
    {
        Circuit.ModelChanged += Refresh;
        foreach (var model in Circuit.Models)
        {
            if (await Task.Run(() => ModelCard.Read(model)) is { } card)
                _cards[model.Id] = card;
        }
    }

    private void Refresh() => InvokeAsync(StateHasChanged);

    private IEnumerable<int> Found(ServedModel model)
    {
        var wanted = _wanted?.Trim();
        var all = Enumerable.Range(0, model.Classes.Count);
        if (!string.IsNullOrEmpty(wanted))
            all = all.Where(i => model.Classes.Synonyms(i).Any(n => n.Contains(wanted, StringComparison.OrdinalIgnoreCase)) || i.ToString(CultureInfo.InvariantCulture) == wanted);
        return all.Take(Shown);
    }

    private void Open(ServedModel model, int number)
    {
        Circuit.Choose(model.Id);
        Generating.Prepare();
        Generating.Class = number;
        Navigation.NavigateTo("");
    }

    private static IEnumerable<(string, string)> Facts(ServedModel model)
    {
        var (generator, tokenizer) = (model.Pipeline.Generator, model.Pipeline.Tokenizer);
        yield return ("Image", $"{model.Pipeline.Width} × {model.Pipeline.Height} pixels");
        yield return ("Codes", $"{generator.Config.HolisticTokenCount} holistic, {generator.Config.PatchTokenCount} patch");
        yield return ("Codebook", $"{generator.Config.CodebookSize} entries");
        yield return ("Generator", Network(generator.ParameterCount, generator.Precision));
        yield return ("Tokenizer", Network(tokenizer.ParameterCount, tokenizer.Precision));
        yield return ("Can edit", tokenizer.CanEncode ? "yes" : model.MissesEncoder ? "no, the weights of its encoder are not on this machine; the server's log says how to get them" : "no, it was loaded for generating only");
        yield return ("Generator's hash", generator.ModelHash);
        yield return ("Tokenizer's hash", tokenizer.ModelHash);
    }

    // The engine packs weights and counts no parameters.
    private static string Network(long parameters, Precision precision) => parameters == 0
        ? EnumWords.Of(precision)
        : string.Create(CultureInfo.InvariantCulture, $"{parameters / 1e6:0.0} million parameters, {EnumWords.Of(precision)}");
}
