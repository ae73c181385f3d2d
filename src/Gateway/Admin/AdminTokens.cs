using System.Security.Cryptography;
using System.Text;
using Gateway.Edge.Http;
using Gateway.Tenants.Identification;

namespace Gateway.Admin;

/// <summary>
/// The operators' tokens, from a file with one on each line: <c>TOKEN</c> or <c>NAME TOKEN</c>; <c>#</c> starts a
/// comment. The file is reloaded when it changes.
/// </summary>
internal sealed partial class AdminTokens
{
    private const int MinTokenLength = 16;
    private const int MaxFileBytes = 64 * 1024;

    private readonly ReloadingFile<IReadOnlyList<AdminToken>>? _file;
    private readonly ILogger _log;
    private string? _lastError;

    public AdminTokens(AdminOptions options, TimeProvider time, ILogger<AdminTokens> log)
    {
        _log = log;
        _file = options.TokenFile is { } file ? new ReloadingFile<IReadOnlyList<AdminToken>>(file, Parse, time) : null;
        // At start, so that LoadedAt says since when these tokens are in force.
        Current();
    }

    /// <summary>When the tokens in force were read; null: they were not.</summary>
    public DateTimeOffset? LoadedAt => _file?.LoadedAt;

    /// <summary>
    /// The operator whose token the request presents, whatever characters it has; null: none. Every token is compared,
    /// in fixed time.
    /// </summary>
    public AdminToken? Find(IHeaderDictionary headers) =>
        headers.Authorization is [{ } header] && BearerToken.Find(header) is { } token
            ? Find(SHA256.HashData(Encoding.UTF8.GetBytes(token)))
            : null;

    /// <param name="presented">SHA-256 of the token.</param>
    public AdminToken? Find(byte[] presented)
    {
        AdminToken? found = null;
        foreach (var token in Current())
        {
            if (CryptographicOperations.FixedTimeEquals(token.Digest, presented))
                found = token;
        }
        return found;
    }

    /// <returns>The tokens, or an error that never quotes the file.</returns>
    public static (IReadOnlyList<AdminToken>? Tokens, string? Error) ReadFile(string path)
    {
        try
        {
            var content = Parse(File.ReadAllBytes(path));
            return (content.Value, content.Errors is [var error, ..] ? error : null);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return (null, "must name a readable file with a token on each line");
        }
    }

    private static FileContent<IReadOnlyList<AdminToken>> Parse(ReadOnlyMemory<byte> content)
    {
        if (content.Length > MaxFileBytes)
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
            if (token.Length < MinTokenLength)
                return FileContent<IReadOnlyList<AdminToken>>.Bad(
                    $"line {i + 1}: a token has at least {MinTokenLength} characters; make one with: openssl rand -hex 32"
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
        var error = content.Errors is [var first, ..] ? first : null;
        if (error is not null && error != _lastError)
            Log.FileInvalid(_log, error);
        _lastError = error;
    }

    private static partial class Log
    {
        [LoggerMessage(
            Level = LogLevel.Error,
            Message = "Admin:TokenFile {Error}: the tokens read before stay in force until the file is corrected"
        )]
        public static partial void FileInvalid(ILogger logger, string error);
    }
}

/// <param name="Operator">Name and fingerprint, as the audit trail shows them.</param>
/// <param name="Digest">SHA-256 of the token.</param>
internal sealed record AdminToken(string Operator, byte[] Digest);
