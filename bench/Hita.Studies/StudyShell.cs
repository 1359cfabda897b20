using System.CommandLine;
using Hita.Cli.Hosting;
using Hita.Runtime;

namespace Hita.Studies;

/// <summary>What the studies' commands share.</summary>
internal static class StudyShell
{
    public static Option<string> Output() =>
        new("--output", "-o") { Description = "The folder for report.json, report.md and images.", Required = true };

    public static Option<int?> Threads() => new("--threads") { Description = "Threads of one tensor operation." };

    /// <summary>An option for changes to a recipe.</summary>
    public static Option<string[]> Sets(string name, string description) => new(name) { Description = description };

    /// <summary>An option for a number.</summary>
    public static Option<int> Count(string name, string description, int otherwise, int least)
    {
        var option = new Option<int>(name) { Description = description, DefaultValueFactory = _ => otherwise };
        NumberOptions.Between(option, least);
        return option;
    }

    /// <summary>An option for several numbers behind one another, with commas between them.</summary>
    /// <exception cref="HitaException">The text is not such a list.</exception>
    public static IReadOnlyList<int> Numbers(string option, string text)
    {
        var numbers = new List<int>();
        foreach (var part in text.Split(','))
        {
            if (!NumberOptions.TryRead(part, out int number) || number < 0)
                throw new HitaException($"{option} is '{text}'; numbers with commas between them are wanted, such as 0,4.");
            if (!numbers.Contains(number))
                numbers.Add(number);
        }
        return numbers;
    }

    public static void Say(string line) => Console.Error.WriteLine(line);

    /// <summary>Runs a study on a thread of its own, so that Ctrl-C is heard meanwhile.</summary>
    public static Task<int> Run(Action study) => Task.Run(() =>
    {
        try
        {
            study();
            return 0;
        }
        catch (Exception e) when (e is HitaException or OperationCanceledException)
        {
            Console.Error.WriteLine(e.Message);
            return 1;
        }
    });
}
