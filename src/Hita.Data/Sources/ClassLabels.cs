using System.Globalization;
using Hita.Runtime;

namespace Hita.Data.Sources;

/// <summary>Turns what containers note as an image's class, a number or a name, into numbers and names.</summary>
internal static class ClassLabels
{
    /// <summary>More than any set has; a larger number is a broken file, for which no table shall be made.</summary>
    public const int MaxClasses = 1_000_000;

    /// <summary>The number of each image and the names of the classes.</summary>
    /// <param name="path">The set, for messages.</param>
    /// <param name="labels">What is noted for each image.</param>
    /// <param name="folder">Where a file with the names may lie.</param>
    /// <returns>Numbers as they are if all are numbers; else the place of each among the sorted names.</returns>
    /// <exception cref="DataException">A number is negative or huge.</exception>
    public static (int[] Classes, string[] Names) From(string path, IReadOnlyList<string> labels, string folder)
    {
        var classes = new int[labels.Count];
        var highest = -1;
        for (var i = 0; i < classes.Length; i++)
        {
            if (!long.TryParse(labels[i], NumberStyles.Integer, CultureInfo.InvariantCulture, out var number))
                return FromNames(labels);
            classes[i] = Checked(path, number);
            highest = Math.Max(highest, classes[i]);
        }
        return (classes, ClassNameFile.NamesFor(folder, highest + 1));
    }

    /// <summary>A class number, if it can be one.</summary>
    /// <exception cref="DataException">It is negative or huge.</exception>
    public static int Checked(string path, long number) => number is >= 0 and < MaxClasses
        ? (int)number
        : throw new DataException(path, $"an image has the class {number}; classes are numbered from 0 to at most {MaxClasses - 1}.");

    private static (int[] Classes, string[] Names) FromNames(IReadOnlyList<string> labels)
    {
        var names = labels.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToArray();
        var places = names.Index().ToDictionary(static n => n.Item, static n => n.Index, StringComparer.Ordinal);
        return ([.. labels.Select(l => places[l])], names);
    }
}
