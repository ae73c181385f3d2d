using System.Globalization;

namespace Gateway.Edge;

/// <summary>
/// Reads settings and collects every error, so that all are reported at once and the gateway does not start.
/// </summary>
internal sealed class Settings(IConfiguration configuration)
{
    private readonly List<string> _errors = [];
    private readonly HashSet<string> _read = new(StringComparer.OrdinalIgnoreCase);

    public IReadOnlyList<string> Errors => _errors;

    /// <summary>
    /// Settings that are set but were never read, and so are probably misspelt. Valid after everything has been read.
    /// </summary>
    public IReadOnlyList<string> Unread =>
        [
            .. _read
                .Select(name => name.Split(':')[0])
                .Distinct(StringComparer.OrdinalIgnoreCase)
                // ASP.NET Core reads settings of its own there.
                .Where(section => section != "Logging")
                .SelectMany(section => configuration.GetSection(section).AsEnumerable())
                .Where(setting => setting.Value is not null && !_read.Any(name => IsOf(setting.Key, name)))
                .Select(setting => setting.Key)
                .Order(StringComparer.OrdinalIgnoreCase),
        ];

    public string? GetString(string name)
    {
        _read.Add(name);
        return configuration[name] is { Length: > 0 } value ? value : null;
    }

    public void AddError(string name, string what) => _errors.Add($"{name}: {what}");

    public bool Flag(string name, bool defaultValue) => Parse(name, defaultValue, bool.TryParse, "must be true or false");

    /// <summary>One of the names of an enumeration.</summary>
    public T Choice<T>(string name, T defaultValue)
        where T : struct, Enum => Parse(name, defaultValue, TryName, $"must be one of {string.Join(", ", Enum.GetNames<T>())}");

    public int Integer(string name, int defaultValue, int min, int max) => (int)Long(name, defaultValue, min, max);

    public long Long(string name, long defaultValue, long min, long max)
    {
        var value = Parse(name, defaultValue, TryLong, $"must be a whole number from {min} to {max}");
        if (value >= min && value <= max)
            return value;
        AddError(name, $"must be a whole number from {min} to {max}, not {value}");
        return defaultValue;
    }

    /// <summary>A duration as <c>hh:mm:ss</c>, more than zero.</summary>
    /// <param name="off">Whether zero is allowed too, and turns something off.</param>
    public TimeSpan Duration(string name, TimeSpan defaultValue, bool off = false)
    {
        var value = Parse(name, defaultValue, TryDuration, "must be a duration such as 00:00:30");
        if (value > TimeSpan.Zero || (off && value == TimeSpan.Zero))
            return value;
        AddError(name, off ? "must be 00:00:00 or more" : "must be more than 00:00:00");
        return defaultValue;
    }

    /// <summary>A list, given as <c>Name:0</c>, <c>Name:1</c>, … or as one value with commas.</summary>
    public IReadOnlyList<string> List(string name, params string[] defaultValue)
    {
        _read.Add(name);
        var section = configuration.GetSection(name);
        string[] values = section.Value is { Length: > 0 } one
            ? one.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            : [.. section.GetChildren().Select(child => child.Value).OfType<string>().Where(value => value.Length > 0)];
        return values.Length > 0 ? values : defaultValue;
    }

    /// <summary>Also an item of a list.</summary>
    private static bool IsOf(string key, string name) =>
        key.Equals(name, StringComparison.OrdinalIgnoreCase) || key.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase);

    private delegate bool TryParse<T>(string text, out T value);

    private static bool TryLong(string text, out long value) => long.TryParse(text, CultureInfo.InvariantCulture, out value);

    /// <summary>A bare number would be days.</summary>
    private static bool TryDuration(string text, out TimeSpan value) =>
        TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out value) && text.Contains(':', StringComparison.Ordinal);

    private static bool TryName<T>(string text, out T value)
        where T : struct, Enum =>
        Enum.TryParse(text, ignoreCase: true, out value) && Enum.GetNames<T>().Contains(text, StringComparer.OrdinalIgnoreCase);

    private T Parse<T>(string name, T defaultValue, TryParse<T> tryParse, string what)
    {
        if (GetString(name) is not { } text)
            return defaultValue;
        if (tryParse(text, out var value))
            return value;
        AddError(name, what);
        return defaultValue;
    }
}
