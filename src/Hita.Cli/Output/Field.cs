namespace Hita.Cli.Output;

/// <summary>A name and its value, which may have several lines; a line break inside one of them is text like any other.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Lines">The value's lines.</param>
internal sealed record Field(string Name, params IReadOnlyList<string> Lines)
{
    public static implicit operator Field((string Name, string Line) one) => new(one.Name, one.Line);
}
