using System.Globalization;
using Microsoft.AspNetCore.Components;

namespace Hita.Studio.Parts;

/// <summary>A number on a slider, which tells every step while it is dragged.</summary>
public sealed partial class SliderField : ComponentBase
{
    private readonly string _id = $"slider-{Guid.NewGuid():N}";

    /// <summary>What it is.</summary>
    [Parameter]
    [EditorRequired]
    public string Label { get; set; } = "";

    /// <summary>The number.</summary>
    [Parameter]
    public double Value { get; set; }

    /// <summary>Told of every other number.</summary>
    [Parameter]
    public EventCallback<double> ValueChanged { get; set; }

    /// <summary>The smallest number.</summary>
    [Parameter]
    public double Min { get; set; }

    /// <summary>The largest number.</summary>
    [Parameter]
    public double Max { get; set; } = 1;

    /// <summary>What numbers are apart.</summary>
    [Parameter]
    public double Step { get; set; } = 0.01;

    /// <summary>How the number is written.</summary>
    [Parameter]
    public string Format { get; set; } = "0.##";

    /// <summary>What is written instead of the number; null for the number.</summary>
    [Parameter]
    public string? Text { get; set; }

    /// <summary>A line below, for what the label does not say.</summary>
    [Parameter]
    public string? Hint { get; set; }

    /// <summary>Whether it cannot be moved now.</summary>
    [Parameter]
    public bool IsDisabled { get; set; }

    private double Share => Max > Min ? Math.Round(100 * (Math.Clamp(Value, Min, Max) - Min) / (Max - Min), 1) : 0;

    private static string Number(double value) => value.ToString("0.####", CultureInfo.InvariantCulture);

    private async Task OnInput(ChangeEventArgs e)
    {
        if (!double.TryParse(e.Value as string, NumberStyles.Float, CultureInfo.InvariantCulture, out var value))
            return;
        Value = Math.Clamp(value, Min, Max);
        await ValueChanged.InvokeAsync(Value);
    }
}
