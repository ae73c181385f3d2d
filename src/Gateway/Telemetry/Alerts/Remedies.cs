using System.Collections.Frozen;
using System.Text.RegularExpressions;

namespace Gateway.Telemetry.Alerts;

/// <summary>What docs/runbook.md says to do about each alert, as plain text.</summary>
internal sealed partial class Remedies
{
    private readonly FrozenDictionary<string, string> _texts;

    public Remedies()
    {
        var file = Path.Combine(AppContext.BaseDirectory, "documents", "docs", "runbook.md");
        _texts = File.Exists(file)
            ? Section
                .Matches(File.ReadAllText(file))
                .ToFrozenDictionary(
                    section => section.Groups["name"].Value,
                    section => ToText(section.Groups["do"].Value),
                    StringComparer.Ordinal
                )
            : FrozenDictionary<string, string>.Empty;
    }

    /// <returns>Null: the runbook is not there, or has no such alert.</returns>
    public string? Find(string alert) => _texts.GetValueOrDefault(alert);

    private static string ToText(string markdown)
    {
        var text = Link.Replace(markdown, "${text}").Replace("`", "", StringComparison.Ordinal);
        var line = Space.Replace(text, " ").Trim();
        return line.Length == 0 ? line : char.ToUpperInvariant(line[0]) + line[1..];
    }

    [GeneratedRegex(
        @"^## (?<name>Gateway\w+)\n(?:(?!^## ).*\n)*?\*\*Do\*\*: (?<do>(?:.+\n)+)",
        RegexOptions.Multiline | RegexOptions.ExplicitCapture,
        1000
    )]
    private static partial Regex Section { get; }

    [GeneratedRegex(@"\[(?<text>[^\]]*)\]\([^)]*\)", RegexOptions.NonBacktracking)]
    private static partial Regex Link { get; }

    [GeneratedRegex(@"\s+", RegexOptions.NonBacktracking)]
    private static partial Regex Space { get; }
}
