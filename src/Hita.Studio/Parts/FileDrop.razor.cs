using Hita.Studio.Work;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Forms;

namespace Hita.Studio.Parts;

/// <summary>A place to drop an image file, or to choose one. The browser's own file field lies over all of it, so that both work everywhere.</summary>
public sealed partial class FileDrop : ComponentBase
{
    private string? _fault;
    private bool _isReading;
    private int _round;

    /// <summary>What it says.</summary>
    [Parameter]
    public string Label { get; set; } = "Drop an image, or choose one";

    /// <summary>Whether it is a line instead of a place for an image.</summary>
    [Parameter]
    public bool IsSmall { get; set; }

    /// <summary>Takes the image.</summary>
    [Parameter]
    public EventCallback<PickedImage> OnImage { get; set; }

    [Inject]
    private ImageIntake Intake { get; set; } = null!;

    [Inject]
    private StudioCircuit Circuit { get; set; } = null!;

    private async Task ReadAsync(InputFileChangeEventArgs e)
    {
        (_fault, _isReading) = (null, true);
        try
        {
            var picked = await Intake.ReadAsync(e.File, Circuit.Closed);
            await OnImage.InvokeAsync(picked);
        }
#pragma warning disable CA1031 // Whatever it is, it is shown beside the field.
        catch (Exception fault) when (fault is not OperationCanceledException)
#pragma warning restore CA1031
        {
            _fault = Faults.Sentence(fault);
        }
        finally
        {
            _isReading = false;
            // The field forgets its file, so that the same one can be chosen again.
            _round++;
        }
    }
}
