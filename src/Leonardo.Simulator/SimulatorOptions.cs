using System.Net;

namespace Leonardo.Simulator;

/// <summary>
/// The simulated account. The default limits are those documented for an account without a custom plan.
/// </summary>
public sealed record SimulatorOptions
{
    public IPAddress Bind { get; init; } = IPAddress.Loopback;

    /// <summary>0 = any free port.</summary>
    public int Port { get; init; }

    /// <summary>Must be a UUID, as Leonardo's keys are.</summary>
    public string Key { get; init; } = Guid.NewGuid().ToString();

    /// <summary>The duration of a generation once it has a slot; 0 = none.</summary>
    public double JobSeconds { get; init; } = 1.0;

    /// <summary>Generations that run at once; further ones wait.</summary>
    public int Slots { get; init; } = 10;

    /// <summary>Generations that may wait for a slot; further ones are refused.</summary>
    public int Pending { get; init; } = 200;

    /// <summary>POSTs of generations in any 60 seconds, including refused ones; more get 429. 0 = no limit.</summary>
    public int CreationsPerMinute { get; init; } = 100;

    /// <summary>Requests of any kind in any 60 seconds (documented: 2000); more get 429. 0 = no limit.</summary>
    public int RequestsPerMinute { get; init; }

    /// <summary>Credit in dollars.</summary>
    public decimal Balance { get; init; } = 1000m;

    /// <summary>
    /// Leonardo's guide says 1, its OpenAPI document 4. The more expensive default, so that a client that omits the
    /// quantity is noticed here first.
    /// </summary>
    public int DefaultQuantity { get; init; } = 4;

    /// <summary><c>DOLLARS</c> (pay as you go) or <c>CREDITS</c>: the unit of <c>generate.cost</c>.</summary>
    public string AnswerUnit { get; init; } = "DOLLARS";

    public string AccountUserId { get; init; } = Guid.NewGuid().ToString();

    /// <summary>The base of image and upload addresses; null: the address that the simulator listens on.</summary>
    public Uri? PublicUrl { get; init; }

    /// <summary>The number of received requests that are kept; the oldest are dropped.</summary>
    public int KeepReceived { get; init; } = 50_000;

    public TimeProvider Time { get; init; } = TimeProvider.System;
}

/// <summary>
/// A change at run time; null keeps a value. <see cref="Key"/> replaces all keys by one, <see cref="Keys"/> states all
/// valid keys.
/// </summary>
public sealed record SimulatorChange
{
    public double? Seconds { get; init; }
    public int? Slots { get; init; }
    public int? Pending { get; init; }
    public int? CreationsPerMinute { get; init; }
    public int? RequestsPerMinute { get; init; }
    public decimal? Balance { get; init; }
    public string? AnswerUnit { get; init; }
    public string? Key { get; init; }
    public IReadOnlyList<string>? Keys { get; init; }
}
