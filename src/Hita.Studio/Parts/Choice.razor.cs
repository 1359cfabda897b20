using Microsoft.AspNetCore.Components;

namespace Hita.Studio.Parts;

/// <summary>One of a few.</summary>
/// <typeparam name="T">What is chosen.</typeparam>
public sealed partial class Choice<T> : ComponentBase
{
    private readonly string _name = $"choice-{Guid.NewGuid():N}";

    /// <summary>What it is.</summary>
    [Parameter]
    [EditorRequired]
    public string Label { get; set; } = "";

    /// <summary>What there is, with its words.</summary>
    [Parameter]
    [EditorRequired]
    public IReadOnlyList<(T Value, string Text)> Options { get; set; } = [];

    /// <summary>What is chosen.</summary>
    [Parameter]
    public T? Value { get; set; }

    /// <summary>Told of another one.</summary>
    [Parameter]
    public EventCallback<T> ValueChanged { get; set; }

    /// <summary>A line below.</summary>
    [Parameter]
    public string? Hint { get; set; }
}
