using System.Numerics;

namespace Hita.Runtime;

/// <summary>
/// Collects what is wrong with settings, so that all of it is told at once and in the same words everywhere. Every fault names
/// the setting, its value and what is possible; numbers are written the same in every country.
/// </summary>
internal sealed class FaultCollector
{
    private readonly List<string> _faults;
    private readonly string _before;

    /// <summary>Starts with no faults.</summary>
    public FaultCollector()
        : this([], "")
    {
    }

    private FaultCollector(List<string> faults, string before) => (_faults, _before) = (faults, before);

    /// <summary>All faults so far.</summary>
    public IReadOnlyList<string> Faults => _faults;

    /// <summary>Adds to the same faults, with the name of a section in front of each.</summary>
    /// <param name="before">What stands in front, for example <c>optimizer.</c></param>
    public FaultCollector Within(string before) => new(_faults, _before + before);

    /// <summary>Adds a fault.</summary>
    /// <param name="fault">What is wrong, without a full stop.</param>
    public void Add(FormattableString fault) => _faults.Add(_before + FormattableString.Invariant(fault));

    /// <summary>Adds a fault where a condition does not hold.</summary>
    /// <param name="holds">The condition.</param>
    /// <param name="fault">What is wrong, without a full stop.</param>
    public void Require(bool holds, FormattableString fault)
    {
        if (!holds)
            Add(fault);
    }

    /// <summary>Adds the faults that the check of a part throws.</summary>
    /// <param name="check">The check.</param>
    public void Collect(Action check)
    {
        try
        {
            check();
        }
        catch (ConfigException e)
        {
            _faults.AddRange(e.Faults.Select(f => _before + f));
        }
    }

    /// <summary>Requires a number between two others, both included.</summary>
    /// <param name="value">The number.</param>
    /// <param name="low">The smallest that is possible.</param>
    /// <param name="high">The largest that is possible.</param>
    /// <param name="name">Its name.</param>
    /// <param name="unit">What is counted, for example <c>pixels</c>; empty for nothing.</param>
    /// <param name="verb"><c>is</c> or, after a name in the plural, <c>are</c>.</param>
    public void Range<T>(T value, T low, T high, string name, string unit = "", string verb = "is")
        where T : struct, INumber<T>
    {
        // Nothing is written, and nothing allocated, where nothing is wrong: scenes are checked by the thousand.
        if (!(value >= low && value <= high))
            Add($"{name} {verb} {value}, {low} to {high}{(unit.Length > 0 ? " " : "")}{unit} are possible");
    }

    /// <summary>The same for a number that may be left out.</summary>
    /// <param name="value">The number; null is possible.</param>
    /// <param name="low">The smallest that is possible.</param>
    /// <param name="high">The largest that is possible.</param>
    /// <param name="name">Its name.</param>
    /// <param name="unit">What is counted; empty for nothing.</param>
    /// <param name="verb"><c>is</c> or <c>are</c>.</param>
    public void Range<T>(T? value, T low, T high, string name, string unit = "", string verb = "is")
        where T : struct, INumber<T>
    {
        if (value is { } given)
            Range(given, low, high, name, unit, verb);
    }

    /// <summary>Requires a number from one on, below another.</summary>
    /// <param name="value">The number.</param>
    /// <param name="low">The smallest that is possible.</param>
    /// <param name="end">What it must be below.</param>
    /// <param name="name">Its name.</param>
    public void Below<T>(T value, T low, T end, string name)
        where T : struct, INumber<T>
    {
        if (!(value >= low && value < end))
            Add($"{name} is {value}, {low} to below {end} are possible");
    }

    /// <summary>Requires a number above one, up to another.</summary>
    /// <param name="value">The number.</param>
    /// <param name="start">What it must be above.</param>
    /// <param name="high">The largest that is possible.</param>
    /// <param name="name">Its name.</param>
    public void Above<T>(T value, T start, T high, string name)
        where T : struct, INumber<T>
    {
        if (!(value > start && value <= high))
            Add($"{name} is {value}, it must lie above {start} and be {high} at most");
    }

    /// <summary>Requires a finite number of at least so much.</summary>
    /// <param name="value">The number.</param>
    /// <param name="low">The smallest that is possible.</param>
    /// <param name="name">Its name.</param>
    public void Min<T>(T value, T low, string name)
        where T : struct, INumber<T>
    {
        if (!(value >= low && T.IsFinite(value)))
            Add($"{name} is {value}, it must be {low} or more");
    }

    /// <summary>Requires a multiple of a number.</summary>
    /// <param name="value">The number, above 0.</param>
    /// <param name="of">What it must be a multiple of, above 0.</param>
    /// <param name="high">The largest that is possible.</param>
    /// <param name="name">Its name.</param>
    public void Multiple(int value, int of, int high, string name) =>
        Require(value > 0 && value <= high && of > 0 && value % of == 0, $"{name} is {value}, it must be a multiple of {of} up to {high}");

    /// <summary>Requires one of the values of an enum.</summary>
    /// <param name="value">The value.</param>
    /// <param name="name">Its name.</param>
    /// <param name="verb"><c>is</c> or, after a name in the plural, <c>are</c>.</param>
    public void OneOf<T>(T value, string name, string verb = "is")
        where T : struct, Enum
    {
        if (!Enum.IsDefined(value))
            Add($"{name} {verb} {value}, {And([.. EnumWords.All(typeof(T))])} are possible");
    }

    /// <summary>Throws what was found, if anything was.</summary>
    /// <param name="what">What was configured, for example <c>The tokenizer configuration</c>.</param>
    /// <exception cref="ConfigException">Lists all faults.</exception>
    public void Throw(string what)
    {
        if (_faults.Count > 0)
            throw new ConfigException(what, _faults);
    }

    /// <summary>Throws what was found, or gives the settings back.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="what">What was configured.</param>
    /// <exception cref="ConfigException">Lists all faults.</exception>
    public T Checked<T>(T settings, string what)
    {
        Throw(what);
        return settings;
    }

    private static string And(string[] words) => words.Length < 2 ? string.Concat(words) : $"{string.Join(", ", words[..^1])} and {words[^1]}";
}
