using System.Globalization;

namespace Hita.Metrics.Archives;

/// <summary>
/// Reads the one form of Python literal that array headers are written in: a dictionary of a text, a truth value and a tuple
/// of whole numbers. Nothing else of Python is understood, and nothing is evaluated.
/// </summary>
internal ref struct NpyHeaderText
{
    private readonly ReadOnlySpan<char> _text;
    private int _at;

    private NpyHeaderText(ReadOnlySpan<char> text) => _text = text;

    /// <summary>The three fields, or null where the text is anything else.</summary>
    public static (string Type, bool FortranOrder, IReadOnlyList<long> Shape)? TryParse(ReadOnlySpan<char> text) => new NpyHeaderText(text).Dictionary();

    private (string, bool, IReadOnlyList<long>)? Dictionary()
    {
        string? type = null;
        bool? fortran = null;
        List<long>? shape = null;
        if (!Take('{'))
            return null;
        while (!Take('}'))
        {
            var key = Text();
            if (key is null || !Take(':'))
                return null;
            var understood = key switch
            {
                "descr" when type is null => (type = Text()) is not null,
                "fortran_order" when fortran is null => (fortran = Truth()) is not null,
                "shape" when shape is null => (shape = Tuple()) is not null,
                _ => false,
            };
            if (!understood || (!Take(',') && Peek() != '}'))
                return null;
        }
        return Peek() == '\0' && type is not null && fortran is { } order && shape is not null ? (type, order, shape) : null;
    }

    private string? Text()
    {
        var quote = Peek();
        if (quote is not ('\'' or '"'))
            return null;
        var length = _text[(_at + 1)..].IndexOf(quote);
        if (length < 0)
            return null;
        var value = _text.Slice(_at + 1, length);
        _at += length + 2;
        return value.Contains('\\') ? null : value.ToString();
    }

    private bool? Truth()
    {
        Peek();
        foreach (var (word, value) in (ReadOnlySpan<(string, bool)>)[("True", true), ("False", false)])
        {
            if (_text[_at..].StartsWith(word))
            {
                _at += word.Length;
                return value;
            }
        }
        return null;
    }

    private List<long>? Tuple()
    {
        var sides = new List<long>();
        if (!Take('('))
            return null;
        while (!Take(')'))
        {
            Peek();
            var digits = 0;
            while (_at + digits < _text.Length && char.IsAsciiDigit(_text[_at + digits]))
                digits++;
            if (!long.TryParse(_text.Slice(_at, digits), NumberStyles.None, CultureInfo.InvariantCulture, out var side))
                return null;
            sides.Add(side);
            _at += digits;
            // Python 2 wrote long integers with this mark.
            Take('L');
            if (!Take(',') && Peek() != ')')
                return null;
        }
        return sides;
    }

    private bool Take(char wanted)
    {
        if (Peek() != wanted)
            return false;
        _at++;
        return true;
    }

    /// <summary>The next character that is not blank, or 0 at the end.</summary>
    private char Peek()
    {
        while (_at < _text.Length && _text[_at] is ' ' or '\n' or '\t' or '\r')
            _at++;
        return _at < _text.Length ? _text[_at] : '\0';
    }
}
