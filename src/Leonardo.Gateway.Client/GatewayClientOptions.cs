namespace Leonardo.Gateway.Client;

/// <summary>Where the gateway is, and how patient its client is.</summary>
public sealed class GatewayClientOptions
{
    /// <summary>Such as <c>https://img.example.internal/leonardo</c>. Required.</summary>
    public Uri? Address { get; set; }

    /// <summary>A token of the gateway, or a JWT; null inside a network that the gateway trusts.</summary>
    public string? Token { get; set; }

    /// <summary>Who makes the requests, for usage reports: 1 to 64 of <c>[A-Za-z0-9._@-]</c>.</summary>
    public string? User { get; set; }

    /// <summary>How often one request is sent at most; the pauses between 8 attempts take about a minute.</summary>
    public int Attempts { get; set; } = 8;

    /// <summary>For how long one request may take; at least the time of the gateway's queue and of one wait.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(4);

    /// <summary>For how long a whole call may take, with all attempts, pauses and waits; then it fails.</summary>
    public TimeSpan CallTimeout { get; set; } = TimeSpan.FromMinutes(15);
}
