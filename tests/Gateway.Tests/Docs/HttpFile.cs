using System.Net.Http.Headers;
using System.Text;
using System.Text.RegularExpressions;

namespace Gateway.Tests.Docs;

/// <summary>
/// A file of requests as editors' REST clients read it: <c>###</c> between requests, <c>@name = value</c>,
/// <c>{{name}}</c>, <c>&lt; file</c>.
/// </summary>
internal sealed partial class HttpFile
{
    private readonly string _folder;

    public HttpFile(string path)
    {
        _folder = Path.GetDirectoryName(path)!;
        string[] parts = [.. Separator().Split(File.ReadAllText(path))];
        foreach (Match variable in Variable().Matches(parts[0]))
            Variables[variable.Groups["name"].Value] = variable.Groups["value"].Value;
        Requests = [.. parts[1..].Select(Parse)];
    }

    public Dictionary<string, string> Variables { get; } = new(StringComparer.Ordinal);

    public IReadOnlyList<Request> Requests { get; }

    /// <param name="Title">The words behind <c>###</c>.</param>
    /// <param name="Name">Of <c># @name</c>; null where there is none.</param>
    internal sealed record Request(
        string Title,
        string? Name,
        string Method,
        string Address,
        IReadOnlyList<(string Name, string Value)> Headers,
        IReadOnlyList<string> Body
    );

    /// <summary>The request with the variables as they are now.</summary>
    public HttpRequestMessage Create(Request request)
    {
        var message = new HttpRequestMessage(new HttpMethod(request.Method), Fill(request.Address));
        if (request.Body.Count > 0)
            message.Content = new ByteArrayContent(BodyOf(request));
        foreach (var (name, value) in request.Headers)
        {
            if (name.Equals("Content-Type", StringComparison.OrdinalIgnoreCase))
                message.Content!.Headers.ContentType = MediaTypeHeaderValue.Parse(value);
            else
                message.Headers.TryAddWithoutValidation(name, Fill(value)).ShouldBeTrue(name);
        }
        return message;
    }

    private byte[] BodyOf(Request request)
    {
        var isForm = request.Headers.Any(header => header.Value.StartsWith("multipart/", StringComparison.Ordinal));
        using var body = new MemoryStream();
        foreach (var line in request.Body)
        {
            body.Write(
                line.StartsWith("< ", StringComparison.Ordinal)
                    ? File.ReadAllBytes(Path.Combine(_folder, line[2..]))
                    : Encoding.UTF8.GetBytes(Fill(line))
            );
            body.Write(isForm ? "\r\n"u8 : "\n"u8);
        }
        return body.ToArray();
    }

    private string Fill(string text) => Use().Replace(text, use => Variables[use.Groups["name"].Value]);

    private static Request Parse(string text)
    {
        var lines = text.Split('\n');
        var start = Array.FindIndex(lines, 1, line => line.Length > 0 && !line.StartsWith('#'));
        var blank = Array.FindIndex(lines, start, line => line.Length == 0);
        var (method, address) = lines[start].Split(' ', 2) switch
        {
            [var verb, var target] => (verb, target),
            _ => throw new FormatException($"No request line: {lines[start]}"),
        };
        return new Request(
            lines[0].Trim(),
            Name().Match(text) is { Success: true } name ? name.Groups["name"].Value : null,
            method,
            address,
            [.. lines[(start + 1)..blank].Select(line => line.Split(": ", 2)).Select(pair => (pair[0], pair[1]))],
            [.. string.Join('\n', lines[blank..]).Trim('\n').Split('\n').Where((line, index) => index > 0 || line.Length > 0)]
        );
    }

    [GeneratedRegex("^###", RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Separator();

    [GeneratedRegex(
        @"^@(?<name>\w+) = (?<value>.*)$",
        RegexOptions.Multiline | RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex Variable();

    [GeneratedRegex(@"\{\{(?<name>\w+)\}\}", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Use();

    [GeneratedRegex(@"^# @name (?<name>\w+)$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Name();
}
