using System.Globalization;
using System.Text;

namespace Gateway.Tests.Hostile;

/// <summary>
/// An independent JSON reader, written from RFC 8259 and docs/api.md: no duplicate names, no lone surrogates in
/// names, at most 16 levels, nothing after the value. Slow and simple.
/// </summary>
/// <remarks>
/// Objects are lists of pairs and numbers are their text; a string with a lone surrogate is <see cref="BadText"/>.
/// </remarks>
internal sealed class StrictReader
{
    private const int MaxDepth = 16;

    private readonly string _text;
    private int _at;

    private StrictReader(string text) => _text = text;

    /// <returns>False: malformed.</returns>
    public static bool TryRead(byte[] utf8, out object? value)
    {
        value = null;
        try
        {
            var reader = new StrictReader(new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(utf8));
            value = reader.Value(0);
            reader.Space();
            return reader._at == reader._text.Length;
        }
        catch (Exception exception) when (exception is FormatException or ArgumentException)
        {
            return false;
        }
    }

    public sealed record Number(string Text);

    public sealed record BadText;

    private char Peek => _at < _text.Length ? _text[_at] : throw new FormatException("end");

    private object? Value(int depth)
    {
        Space();
        switch (Peek)
        {
            case '{':
                return Object(depth + 1);
            case '[':
                return Array(depth + 1);
            case '"':
                return Text();
            case 't':
                return Word("true", true);
            case 'f':
                return Word("false", false);
            case 'n':
                return Word("null", null);
            default:
                return Digits();
        }
    }

    private List<(string Name, object? Value)> Object(int depth)
    {
        Deep(depth);
        var members = new List<(string, object?)>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        _at++;
        Space();
        if (Skip('}'))
            return members;
        do
        {
            Space();
            if (Peek != '"' || Text() is not string name || !names.Add(name))
                throw new FormatException("name");
            Space();
            Need(':');
            members.Add((name, Value(depth)));
            Space();
        } while (Skip(','));
        Need('}');
        return members;
    }

    private List<object?> Array(int depth)
    {
        Deep(depth);
        var items = new List<object?>();
        _at++;
        Space();
        if (Skip(']'))
            return items;
        do
        {
            items.Add(Value(depth));
            Space();
        } while (Skip(','));
        Need(']');
        return items;
    }

    private object Text()
    {
        Need('"');
        var text = new StringBuilder();
        while (!Skip('"'))
        {
            var c = Peek;
            _at++;
            if (c < ' ')
                throw new FormatException("control");
            text.Append(c == '\\' ? Escaped() : c);
        }
        var result = text.ToString();
        for (var i = 0; i < result.Length; i++)
        {
            if (char.IsSurrogate(result[i]) && (i + 1 == result.Length || !char.IsSurrogatePair(result[i], result[i + 1])))
                return new BadText();
            if (char.IsHighSurrogate(result[i]))
                i++;
        }
        return result;
    }

    private char Escaped()
    {
        var c = Peek;
        _at++;
        if (c != 'u')
            return "\"\\/\b\f\n\r\t"["\"\\/bfnrt".IndexOf(c) is >= 0 and var i ? i : throw new FormatException("escape")];
        if (_at + 4 > _text.Length || !_text.AsSpan(_at, 4).ToArray().All(char.IsAsciiHexDigit))
            throw new FormatException("\\u");
        var code = ushort.Parse(_text.AsSpan(_at, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        _at += 4;
        return (char)code;
    }

    private Number Digits()
    {
        var start = _at;
        Skip('-');
        if (!Skip('0'))
            Run();
        if (Skip('.'))
            Run();
        if (Skip('e') || Skip('E'))
        {
            if (!Skip('+'))
                Skip('-');
            Run();
        }
        return new Number(_text[start.._at]);
    }

    private void Run()
    {
        if (!char.IsAsciiDigit(Peek))
            throw new FormatException("digit");
        while (_at < _text.Length && char.IsAsciiDigit(_text[_at]))
            _at++;
    }

    private object? Word(string word, object? value)
    {
        if (string.CompareOrdinal(_text, _at, word, 0, word.Length) != 0)
            throw new FormatException("word");
        _at += word.Length;
        return value;
    }

    private static void Deep(int depth)
    {
        if (depth > MaxDepth)
            throw new FormatException("depth");
    }

    private void Space()
    {
        while (_at < _text.Length && _text[_at] is ' ' or '\t' or '\r' or '\n')
            _at++;
    }

    private bool Skip(char c)
    {
        if (_at >= _text.Length || _text[_at] != c)
            return false;
        _at++;
        return true;
    }

    private void Need(char c)
    {
        if (!Skip(c))
            throw new FormatException($"{c}");
    }
}
