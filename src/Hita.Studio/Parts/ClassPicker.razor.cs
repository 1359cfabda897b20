using System.Globalization;
using Hita.Generation;
using Hita.Studio.Work;
using Microsoft.AspNetCore.Components;

namespace Hita.Studio.Parts;

/// <summary>Finds a class by a part of one of its names, or by its number.</summary>
public sealed partial class ClassPicker : ComponentBase
{
    /// <summary>The class by number; null for none.</summary>
    [Parameter]
    public int? Value { get; set; }

    /// <summary>Told of another one.</summary>
    [Parameter]
    public EventCallback<int?> ValueChanged { get; set; }

    /// <summary>What it is chosen for.</summary>
    [Parameter]
    public string Label { get; set; } = "Class";

    /// <summary>Whether none may be chosen.</summary>
    [Parameter]
    public bool IsOptional { get; set; }

    [Inject]
    private StudioCircuit Circuit { get; set; } = null!;

    private ClassNames Names => Circuit.Model.Classes;

    private Task<IEnumerable<int?>> Search(string? text, CancellationToken cancellation)
    {
        var names = Names;
        var wanted = Plain(text ?? "");
        var all = Enumerable.Range(0, names.Count);
        // The whole list while the field shows what is chosen already; that comes first, as Enter takes the first one.
        if (wanted.Length == 0 || (Value is { } chosen && wanted == Plain(Name(chosen))))
            return Task.FromResult(all.OrderByDescending(i => i == Value).Select(static i => (int?)i));
        var found =
            from number in all
            let rank = Rank(names, number, wanted)
            where rank < int.MaxValue
            orderby rank, number
            select (int?)number;
        return Task.FromResult<IEnumerable<int?>>([.. found]);
    }

    private static int Rank(ClassNames names, int number, string wanted)
    {
        if (number.ToString(CultureInfo.InvariantCulture) == wanted)
            return 0;
        var best = int.MaxValue;
        foreach (var name in names.Synonyms(number).Select(Plain))
        {
            if (name.StartsWith(wanted, StringComparison.Ordinal))
                best = Math.Min(best, 1);
            else if (name.Contains(' ' + wanted, StringComparison.Ordinal))
                best = Math.Min(best, 2);
            else if (name.Contains(wanted, StringComparison.Ordinal) || Array.TrueForAll(wanted.Split(' '), w => name.Contains(w, StringComparison.Ordinal)))
                best = Math.Min(best, 3);
        }
        return best;
    }

    // A whole name counts without being picked from the list: whoever types one and starts means it.
    private async Task TypedAsync(string? text)
    {
        var wanted = Plain(text ?? "");
        var names = Names;
        int[] found = wanted.Length == 0 ? [] : [.. Enumerable.Range(0, names.Count).Where(i => names.Synonyms(i).Any(n => Plain(n) == wanted)).Take(2)];
        if (found is [var only] && only != Value)
            await Choose(only);
    }

    private async Task Choose(int? number)
    {
        if (number is null && !IsOptional)
            return;
        Value = number;
        await ValueChanged.InvokeAsync(number);
    }

    private string Name(int? number) => number is { } n && n >= 0 && n < Names.Count ? Names[n] : "";

    private string Others(int? number) => number is not { } n ? "" : string.Join(", ", Names.Synonyms(n).Skip(1).Take(2));

    private static string Plain(string text) => text.Trim().ToLowerInvariant().Replace('_', ' ').Replace('-', ' ');
}
