using System.Globalization;
using System.Text.RegularExpressions;
using Hita.Materials;
using Hita.Runtime;

namespace Hita.Data.Sources;

/// <summary>
/// The built-in set by name: <c>materials</c>, <c>materials:SEED</c> or <c>materials:SEED:FIRST..END</c>, the scenes from FIRST
/// up to and without END.
/// </summary>
internal static partial class MaterialsName
{
    private const string Forms = "materials, materials:SEED and materials:SEED:FIRST..END (without END itself) are possible, for example materials:0:100000..102000";

    /// <summary>Whether a path means the built-in set. A folder of that name is reached as ./materials.</summary>
    public static bool Is(string path) => path == "materials" || path.StartsWith("materials:", StringComparison.Ordinal);

    /// <summary>Opens the part of the set that is named.</summary>
    /// <exception cref="DataException">It is not one of the forms, or a number is out of its range.</exception>
    public static MaterialsSource Open(string name, int size)
    {
        if (size is < MaterialsRenderer.MinimumSize or > MaterialsRenderer.MaximumSize)
            throw new DataException(name, $"images of {size} pixels a side are asked for, {MaterialsRenderer.MinimumSize} to {MaterialsRenderer.MaximumSize} are possible.");
        var parts = Pattern().Match(name);
        if (!parts.Success)
            throw new DataException(name, $"this does not name a part of the built-in set; {Forms}.");
        var seed = 0UL;
        if (parts.Groups["seed"].Success && !ulong.TryParse(parts.Groups["seed"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out seed))
            throw new DataException(name, "the seed is too large; the largest is 18446744073709551615.");
        if (!parts.Groups["first"].Success)
            return new MaterialsSource(size, seed);
        if (!long.TryParse(parts.Groups["first"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var first)
            || !long.TryParse(parts.Groups["end"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var end)
            || end <= first || end - first > int.MaxValue)
            throw new DataException(name, $"the scenes must be from 1 to {int.MaxValue} in number; {Forms}.");
        return new MaterialsSource(size, seed, first, (int)(end - first));
    }

    [GeneratedRegex(@"^materials(:(?<seed>\d+)(:(?<first>\d+)\.\.(?<end>\d+))?)?$", RegexOptions.ExplicitCapture)]
    private static partial Regex Pattern();
}
