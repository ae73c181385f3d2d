namespace Gateway.Tenants.Sessions;

/// <summary>What a session is good for: <c>/v1</c> and <c>/v2</c>, or <c>/admin</c>.</summary>
internal enum SessionRole
{
    Tenant,
    Operator,
}

/// <summary>Who is signed in by a session, and what that rests on: a token, else a claim of a JWT.</summary>
/// <param name="Name">The tenant's id, or the operator as the audit trail shows it.</param>
/// <param name="TokenDigest">SHA-256 of the token in lower-case hex; the session ends when its file no longer has
/// it.</param>
/// <param name="Claim">Without a token: the session ends when no rule asks for this claim any more.</param>
/// <param name="Person">The subject of the JWT.</param>
/// <param name="ExpiresAt">When the token expires, or the session by itself.</param>
internal sealed record SessionIdentity(
    SessionRole Role,
    string Name,
    string? TokenDigest,
    (string Name, string Value)? Claim,
    string? Person,
    DateTimeOffset ExpiresAt
)
{
    /// <summary>A gateway token does not expire; a forgotten browser must.</summary>
    private static readonly TimeSpan LongestTenant = TimeSpan.FromDays(7);

    /// <summary>A working day.</summary>
    private static readonly TimeSpan LongestOperator = TimeSpan.FromHours(12);

    /// <summary>By which the clocks of two replicas may differ.</summary>
    public static readonly TimeSpan ClockDifference = TimeSpan.FromMinutes(1);

    /// <summary>Set by the store.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>
    /// Whether a file that lacks the token ends the session. One that this replica has had since before the sign-in
    /// does not: another replica has a newer one. After a sign-in within the last minute the clocks cannot tell.
    /// </summary>
    /// <param name="loadedAt">Of the file; null: it was not read.</param>
    public bool CanBeEndedBy(DateTimeOffset? loadedAt) => loadedAt >= CreatedAt + ClockDifference;

    /// <param name="now">From which the session lasts.</param>
    /// <param name="tokenExpiry">Null: it does not expire.</param>
    public static DateTimeOffset GetExpiry(SessionRole role, DateTimeOffset now, DateTimeOffset? tokenExpiry = null)
    {
        var longest = now + (role == SessionRole.Tenant ? LongestTenant : LongestOperator);
        return tokenExpiry < longest ? tokenExpiry.Value : longest;
    }
}
