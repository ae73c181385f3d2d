using System.Security.Cryptography;
using System.Text;
using Gateway.Edge.Http;

namespace Gateway.Admin;

/// <summary>The operators' tokens: a file with one on each line, <c>TOKEN</c> or <c>NAME TOKEN</c>; <c>#</c> begins a comment. Read again when it changes.</summary>
internal sealed class AdminTokens(AdminOptions options, TimeProvider time, ILogger<AdminTokens> log)
{
    private const int ShortestToken = 16;
    private const int LongestFile = 64 * 1024;

    private readonly ReloadingFile<IReadOnlyList<AdminToken>>? _file = options.TokenFile is null
        ? null
        : new ReloadingFile<IReadOnlyList<AdminToken>>(options.TokenFile, Parse, time);
    private string? _lastFault;

    /// <summary>Who presents this token; null: nobody known. Every token is compared, each in fixed time.</summary>
    public string? Find(string presented)
    {
        var digest = SHA256.HashData(Encoding.UTF8.GetBytes(presented));
        string? who = null;
        foreach (var token in Current())
        {
            if (CryptographicOperations.FixedTimeEquals(token.Digest, digest))
                who = token.Who;
        }
        return who;
    }

    /// <returns>The tokens, or what is wrong with the file; never a part of it.</returns>
    public static (IReadOnlyList<AdminToken>? Tokens, string? Fault) ReadFile(string path)
    {
        try
        {
            var content = Parse(File.ReadAllBytes(path));
            return (content.Value, content.Errors is [var fault, ..] ? fault : null);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return (null, "must name a readable file with a token on each line");
        }
    }

    private static FileContent<IReadOnlyList<AdminToken>> Parse(ReadOnlyMemory<byte> content)
    {
        if (content.Length > LongestFile)
            return FileContent<IReadOnlyList<AdminToken>>.Bad("is longer than 64 KiB");
        var lines = Encoding.UTF8.GetString(content.Span).TrimStart('\uFEFF').Split('\n');
        var tokens = new List<AdminToken>();
        for (var i = 0; i < lines.Length; i++)
        {
            var line = lines[i].Trim();
            if (line.Length == 0 || line[0] == '#')
                continue;
            var words = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            var (name, token) = words is [var one] ? ("operator", one) : (words[0], words[^1]);
            if (words.Length > 2 || !IsName(name))
                return FileContent<IReadOnlyList<AdminToken>>.Bad(
                    $"line {i + 1} is neither TOKEN nor NAME TOKEN (a name is 1 to 64 of A-Z a-z 0-9 . _ -)"
                );
            if (token.Length < ShortestToken)
                return FileContent<IReadOnlyList<AdminToken>>.Bad(
                    $"line {i + 1}: a token has at least {ShortestToken} characters; make one with: openssl rand -hex 32"
                );
            var digest = SHA256.HashData(Encoding.UTF8.GetBytes(token));
            tokens.Add(new AdminToken($"{name} ({Convert.ToHexStringLower(digest)[..8]})", digest));
        }
        return FileContent<IReadOnlyList<AdminToken>>.Good(tokens);
    }

    private static bool IsName(string name) =>
        name.Length is >= 1 and <= 64 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');

    private IReadOnlyList<AdminToken> Current() => _file?.GetCurrent(Report) ?? [];

    /// <summary>An empty file is valid and revokes every token.</summary>
    private void Report(FileContent<IReadOnlyList<AdminToken>> content)
    {
        var fault = content.Errors is [var first, ..] ? first : null;
        if (fault is not null && fault != _lastFault)
            log.LogError("Admin:TokenFile {Fault}; the tokens read before stay in force", fault);
        _lastFault = fault;
    }
}

/// <param name="Who">Name and fingerprint, as the audit shows it.</param>
/// <param name="Digest">SHA-256 of the token.</param>
internal sealed record AdminToken(string Who, byte[] Digest);
