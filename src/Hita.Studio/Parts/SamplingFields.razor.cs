using Hita.Studio.Work;
using Microsoft.AspNetCore.Components;

namespace Hita.Studio.Parts;

/// <summary>How codes are sampled: guidance, and the rest behind a fold.</summary>
public sealed partial class SamplingFields : ComponentBase
{
    /// <summary>What is chosen.</summary>
    [Parameter]
    [EditorRequired]
    public SamplingChoice Choice { get; set; } = null!;

    [Inject]
    private StudioCircuit Circuit { get; set; } = null!;

    private int Codes => Circuit.Model.Pipeline.Generator.Config.CodebookSize;

    private void Reset() => Choice.StartFrom(Circuit.Model);
}
