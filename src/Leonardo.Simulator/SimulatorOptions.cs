using System.Net;

namespace Leonardo.Simulator;

/// <summary>What the simulated account is like. Limits are the documented defaults of an account without a custom plan.</summary>
public sealed record SimulatorOptions
{
    public IPAddress Bind { get; init; } = IPAddress.Loopback;

    /// <summary>0 = any free port.</summary>
    public int Port { get; init; }

    /// <summary>Must be a UUID, as Leonardo's keys are.</summary>
    public string Key { get; init; } = Guid.NewGuid().ToString();

    /// <summary>How long one generation runs once it has a slot. 0 = complete at once.</summary>
    public double JobSeconds { get; init; } = 1.0;

    /// <summary>Generations running at once; those beyond wait.</summary>
    public int Slots { get; init; } = 10;

    /// <summary>Generations that may wait for a slot; those beyond are refused.</summary>
    public int Pending { get; init; } = 200;

    /// <summary>POSTs of generations in any 60 seconds, refused ones counted; beyond: HTTP 429. 0 = no limit.</summary>
    public int CreationsPerMinute { get; init; } = 100;

    /// <summary>Requests of any kind in any 60 seconds (documented: 2000); beyond: HTTP 429. 0 = no limit.</summary>
    public int RequestsPerMinute { get; init; }

    /// <summary>Credit in dollars.</summary>
    public decimal Balance { get; init; } = 1000m;

    /// <summary>Leonardo's guide says 1, its OpenAPI 4. The dearer one, so that a client who leaves it out notices here first.</summary>
    public int DefaultQuantity { get; init; } = 4;

    /// <summary><c>DOLLARS</c> (pay as you go) or <c>CREDITS</c>: the unit of <c>generate.cost</c>.</summary>
    public string AnswerUnit { get; init; } = "DOLLARS";

    public string AccountUserId { get; init; } = Guid.NewGuid().ToString();

    /// <summary>Where image and upload addresses point, when that is not where the simulator listens.</summary>
    public Uri? PublicUrl { get; init; }

    /// <summary>How many received requests are kept; the oldest go first.</summary>
    public int KeepReceived { get; init; } = 50_000;

    public TimeProvider Time { get; init; } = TimeProvider.System;
}

/// <summary>A change at run time; what is null stays. <see cref="Key"/> replaces all keys by one, <see cref="Keys"/> names all that are valid.</summary>
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
