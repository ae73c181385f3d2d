using System.Security.Cryptography;
using System.Text;

namespace Gateway.Admin;

/// <summary>The operators' tokens: a file with one on each line, <c>TOKEN</c> or <c>NAME TOKEN</c>; <c>#</c> begins a comment. Read again when it changes.</summary>
internal sealed class AdminTokens(AdminOptions options, TimeProvider time, ILogger<AdminTokens> log)
{
    private const int ShortestToken = 16;
    private const int LongestFile = 64 * 1024;
    private static readonly TimeSpan ReadAgainAfter = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private IReadOnlyList<AdminToken> _tokens = [];
    private long? _readAt;
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
        string[] lines;
        try
        {
            if (new FileInfo(path).Length > LongestFile)
                return (null, "is longer than 64 KiB");
            lines = File.ReadAllLines(path);
        }
        catch (Exception away) when (away is IOException or UnauthorizedAccessException)
        {
            return (null, "must name a readable file with a token on each line");
        }
        var tokens = new List<AdminToken>();
        for (var i = 0; i < lines.Length; i++)
        {
            var line = lines[i].Trim();
            if (line.Length == 0 || line[0] == '#')
                continue;
            var words = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            var (name, token) = words is [var one] ? ("operator", one) : (words[0], words[^1]);
            if (words.Length > 2 || !IsName(name))
                return (null, $"line {i + 1} is neither TOKEN nor NAME TOKEN (a name is 1 to 64 of A-Z a-z 0-9 . _ -)");
            if (token.Length < ShortestToken)
                return (null, $"line {i + 1}: a token has at least {ShortestToken} characters; make one with: openssl rand -hex 32");
            var digest = SHA256.HashData(Encoding.UTF8.GetBytes(token));
            tokens.Add(new AdminToken($"{name} ({Convert.ToHexStringLower(digest)[..8]})", digest));
        }
        return (tokens, null);
    }

    private static bool IsName(string name) =>
        name.Length is >= 1 and <= 64 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');

    private IReadOnlyList<AdminToken> Current()
    {
        lock (_lock)
        {
            if (_readAt is { } at && time.GetElapsedTime(at) < ReadAgainAfter)
                return _tokens;
            _readAt = time.GetTimestamp();
            var (tokens, fault) = ReadFile(options.TokenFile!);
            // A file that is away or half written leaves the last good one in force; an empty one takes everybody's right away.
            if (tokens is not null)
                _tokens = tokens;
            if (fault is not null && fault != _lastFault)
                log.LogError("Admin:TokenFile {Fault}; the tokens read before stay in force", fault);
            _lastFault = fault;
            return _tokens;
        }
    }
}

/// <param name="Who">Name and fingerprint, as the audit shows it.</param>
/// <param name="Digest">SHA-256 of the token.</param>
internal sealed record AdminToken(string Who, byte[] Digest);
